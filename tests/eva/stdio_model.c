/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatted texts as the analyser sees them. Each conversion reads its argument, which has to be there, of its type and
 * initialised, and a text has to end; what is printed is any text, ended within its buffer, which has to be as large as
 * its size says. Conversions that daemon/dose does not use are errors, so that a new one is noticed.
 */
#include "any.h"

#include <stdarg.h>

#include "__fc_string_axiomatic.h"

/*@ requires ends: valid_read_string(text);
    assigns \nothing; */
void string_read(const char *text);

/*@ requires ends: \valid_read(text + (0 .. most - 1)) || valid_read_string(text);
    assigns \nothing; */
static void string_read_most(const char *text, size_t most);

static const char *number_read(const char *p, size_t *number)
{
    /*@ loop unroll 4; */
    for (; *p >= '0' && *p <= '9'; p++)
        *number = *number * 10 + (size_t)(*p - '0');
    return p;
}

void arguments_read(const char *format, va_list arguments)
{
    const char *p = format;
    /*@ loop unroll 400; */
    while (*p != '\0') {
        bool is_long = false, is_size = false;
        size_t most = 0;
        if (*p++ != '%')
            continue;
        if (*p == '.')
            p = number_read(p + 1, &most);
        /*@ loop unroll 3; */
        for (; *p == 'l' || *p == 'z'; p++) {
            is_long = is_long || *p == 'l';
            is_size = is_size || *p == 'z';
        }
        char conversion = *p++;
        if (conversion == 's' && most > 0)
            string_read_most(va_arg(arguments, const char *), most);
        else if (conversion == 's')
            string_read(va_arg(arguments, const char *));
        else if (conversion == 'd' && is_long)
            (void)va_arg(arguments, long long);
        else if (conversion == 'u' && is_long)
            (void)va_arg(arguments, unsigned long long);
        else if (conversion == 'u' && is_size)
            (void)va_arg(arguments, size_t);
        else if (conversion == 'u')
            (void)va_arg(arguments, unsigned);
        else {
            /*@ check known_conversion: conversion == 'd'; */
            (void)va_arg(arguments, int);
        }
    }
}

int vsnprintf(char *text, size_t size, const char *format, va_list arguments)
{
    arguments_read(format, arguments);
    if (size > 0) {
        Frama_C_make_unknown(text, size);
        text[size - 1] = '\0';
    }
    return Frama_C_interval(-1, INT_MAX);
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}
