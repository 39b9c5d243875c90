/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the records for the journal, or for stderr when nobody collects a journal. */
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "record/internal.h"

static bool journal_present(void)
{
    return getenv("JOURNAL_STREAM") != NULL;
}

void journal_head(const struct chain_link *head)
{
    char hash[CHAIN_HEX];

    chain_hex(head->hash, hash);
    if (journal_present())
        (void)sd_journal_send("MESSAGE=audit head: entry %lld, hash %s", (long long)head->seq, hash, "PRIORITY=%i",
                              LOG_INFO, "MODALITY_AUDIT_SEQ=%lld", (long long)head->seq, "MODALITY_AUDIT_HASH=%s", hash,
                              NULL);
    else
        fprintf(stderr, "<6>audit head: entry %lld, hash %s\n", (long long)head->seq, hash);
}

/* The last resort of an audit entry that no disk took: it is at least in the journal. */
void journal_lost(const struct job *job)
{
    const struct job_audit *audit = &job->audit;
    const char *session = audit->session_id ? audit->session_id : "-", *who;

    if (job->kind != JOB_AUDIT)
        return;
    who = audit->operator_id ? audit->operator_id : "daemon";
    if (journal_present())
        (void)sd_journal_send("MESSAGE=audit entry not stored: %s by %s, session %s: %s", audit->event, who, session,
                              audit->detail, "PRIORITY=%i", LOG_ERR, NULL);
    else
        fprintf(stderr, "<3>audit entry not stored: %s by %s, session %s: %s\n", audit->event, who, session,
                audit->detail);
}
