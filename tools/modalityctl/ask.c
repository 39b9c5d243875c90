/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person is asked before a treatment can be prepared: the screening questions of this protocol and site, a
 * reason for each precaution that is to be overridden, and each notice limit. Nothing is answered on anyone's behalf.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static bool given(const json_t *answers, const char *question)
{
    size_t i;
    const json_t *answer;
    json_array_foreach(answers, i, answer)
    {
        if (strcmp(ctl_text(answer, "question"), question) == 0)
            return true;
    }
    return false;
}

/* An answer in full, or by a beginning that fits no other. */
static const char *answer_match(const json_t *answers, const char *typed)
{
    const char *found = NULL;
    size_t i, fitting = 0;
    const json_t *answer;
    json_array_foreach(answers, i, answer)
    {
        const char *id = json_string_value(answer);
        if (strcmp(id, typed) == 0)
            return id;
        if (typed[0] && strncmp(id, typed, strlen(typed)) == 0) {
            found = id;
            fitting++;
        }
    }
    return fitting == 1 ? found : NULL;
}

static void prompt_make(char *prompt, size_t size, const json_t *question)
{
    size_t i, at = (size_t)snprintf(prompt, size, "       ");
    const json_t *answer;
    json_array_foreach(json_object_get(question, "answers"), i, answer)
    {
        const char *id = json_string_value(answer);
        if (at + strlen(id) + 8 < size)
            at += (size_t)snprintf(prompt + at, size - at, "%s%s%s", i ? " / " : "", id,
                                   strcmp(id, ctl_text(question, "restrictive")) ? "" : "*");
    }
    snprintf(prompt + at, size - at, ": ");
}

/*
 * The day of the test or image behind an answer, where one is wanted: a restrictive answer needs none. Without a day
 * the answer counts as the restrictive one, and the daemon says so. False when the operator broke off.
 */
static bool day_ask(const json_t *question, json_t *given)
{
    char prompt[160], line[64], day[TYPED_DAY_MAX];
    const json_int_t back = ctl_int(question, "valid_days");
    if (back <= 0 || strcmp(ctl_text(given, "answer"), ctl_text(question, "restrictive")) == 0)
        return true;
    snprintf(prompt, sizeof prompt,
             "       on which day? (YYYY-MM-DD or today; at most %lld day%s back): ", (long long)back,
             back == 1 ? "" : "s");
    while (ctl_ask(prompt, line, sizeof line)) {
        if (line[0] == '\0')
            return true;
        if (typed_day(line, day)) {
            json_object_set_new(given, "on", json_string(day));
            return true;
        }
        printf("       \"%s\" is no date\n", line);
    }
    return false;
}

/* False when the operator broke off. */
static bool question_ask(const struct ctl *ctl, json_t *screening, const json_t *question, size_t number, size_t all)
{
    char prompt[300], line[64];
    const char *answer = NULL;
    printf("  %zu/%zu  ", number, all);
    ctl_wrap(ctl, 7, 7, ctl_text(question, "text"));
    prompt_make(prompt, sizeof prompt, question);
    while (!answer) {
        if (!ctl_ask(prompt, line, sizeof line))
            return false;
        if (line[0] == '\0')
            return true; /* not answered: counts as the restrictive one */
        answer = answer_match(json_object_get(question, "answers"), line);
        if (!answer)
            printf("       \"%s\" is not one of the answers\n", line);
    }
    json_t *given =
        json_pack("{s:s, s:s, s:s}", "question", ctl_text(question, "id"), "answer", answer, "by", ctl->operator_id);
    json_array_append_new(screening, given);
    return day_ask(question, given);
}

static bool questions_ask(const struct ctl *ctl, json_t *screening, const json_t *questions)
{
    size_t i, number = 0, open = 0;
    const json_t *question;
    json_array_foreach(questions, i, question) open += !given(screening, ctl_text(question, "id"));
    if (open > 0)
        printf("SCREENING  (* counts when a question is not answered)\n");
    json_array_foreach(questions, i, question)
    {
        if (!given(screening, ctl_text(question, "id")) && !question_ask(ctl, screening, question, ++number, open))
            return false;
    }
    return true;
}

static bool token_is(const json_t *refusal, const char *token)
{
    return strcmp(ctl_text(refusal, "token"), token) == 0;
}

/* Whether nothing stands in the way but what a person may put right here. */
static bool only_decisions(const json_t *refusals)
{
    size_t i;
    const json_t *refusal;
    json_array_foreach(refusals, i, refusal)
    {
        if (!token_is(refusal, "PRECAUTION") && !token_is(refusal, "NOTICE_REQUIRED"))
            return false;
    }
    return true;
}

static json_t *list_of(json_t *request, const char *name)
{
    if (!json_object_get(request, name))
        json_object_set_new(request, name, json_array());
    return json_object_get(request, name);
}

/* A precaution is overridden with a reason, a notice with a typed yes. False when the operator broke off. */
static bool decision_ask(const struct ctl *ctl, json_t *request, const json_t *refusal)
{
    char line[256];
    const char *subject = ctl_text(refusal, "subject");
    const bool precaution = token_is(refusal, "PRECAUTION");
    printf("  %s  ", precaution ? "PRECAUTION" : "NOTICE");
    ctl_wrap(ctl, precaution ? 14 : 10, 7, ctl_text(refusal, "message"));
    if (!ctl_ask(precaution ? "       Your reason to go on all the same (Enter = do not): "
                            : "       Acknowledge? Type yes: ",
                 line, sizeof line))
        return false;
    if (precaution && line[strspn(line, " \t")])
        json_array_append_new(list_of(request, "overrides"), json_pack("{s:s, s:s, s:s}", "condition", subject, "by",
                                                                       ctl->operator_id, "reason", line));
    else if (!precaution && strcmp(line, "yes") == 0)
        json_array_append_new(list_of(request, "acknowledged"), json_string(subject));
    return true;
}

static bool decisions_ask(const struct ctl *ctl, json_t *request, const json_t *refusals)
{
    size_t i;
    const json_t *refusal;
    if (!only_decisions(refusals))
        return true; /* prepare lists what refuses */
    json_array_foreach(refusals, i, refusal)
    {
        if (!decision_ask(ctl, request, refusal))
            return false;
    }
    return true;
}

enum ctl_exit request_ask(struct ctl *ctl, json_t *request)
{
    json_t *check;
    if (!ctl->interactive)
        return CTL_DONE;
    enum ctl_exit code = ctl_lookup(ctl, "session.check", json_deep_copy(request), &check);
    if (code != CTL_DONE)
        return code;
    bool go_on = questions_ask(ctl, json_object_get(request, "screening"), json_object_get(check, "questions"));
    json_decref(check);
    if (!go_on)
        return CTL_DECLINED;
    code = ctl_lookup(ctl, "session.check", json_deep_copy(request), &check);
    if (code != CTL_DONE)
        return code;
    go_on = decisions_ask(ctl, request, json_object_get(check, "refusals"));
    json_decref(check);
    return go_on ? CTL_DONE : CTL_DECLINED;
}
