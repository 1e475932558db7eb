// SPDX-License-Identifier: GPL-2.0
/*
 * What commands read and print: handles, names, records
 *
 * A record is a line.  For people it is words key=value, in which bytes that are
 * not plain are \xNN; for machines an object of JSON, in which such a byte is the
 * character \u00NN.  Keys and their order are the same in both.
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

/* Hexadecimal digits, as dm_handle prints them */
int
dmio_parse_handle(
	const char		*text,
	void			**hanpp,
	size_t			*hlenp)
{
	size_t			len = strlen(text), i;
	unsigned char		*p;
	unsigned int		byte;

	for (i = 0; i < len && isxdigit((unsigned char)text[i]); i++)
		;
	if (i < len || len % 2 || !len || len > 2 * DM_MAX_HANDLE_SIZE) {
		fprintf(stderr, _("bad handle -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	p = malloc(len / 2);
	if (!p)
		return dmio_fail("malloc");
	for (i = 0; i < len; i += 2) {
		sscanf(text + i, "%2x", &byte);
		p[i / 2] = byte;
	}
	dm_handle_free(*hanpp, *hlenp);
	*hanpp = p;
	*hlenp = len / 2;
	return 0;
}

int
dmio_parse_attrname(
	const char		*text,
	dm_attrname_t		*name)
{
	size_t			len = strlen(text);

	if (len == 0 || len > DM_ATTR_NAME_SIZE) {
		fprintf(stderr, _("bad DM attribute name -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	memset(name, 0, sizeof(*name));
	memcpy(name->an_chars, text, len);
	return 0;
}

void
dmio_out_begin(
	struct dm_out		*o)
{
	if (o->json)
		putchar('{');
	o->sep = "";
}

static void
out_key(
	struct dm_out		*o,
	const char		*key)
{
	printf("%s", o->sep);
	if (key)
		printf(o->json ? "\"%s\": " : "%s=", key);
	o->sep = o->json ? ", " : " ";
}

void
dmio_out_num(
	struct dm_out		*o,
	const char		*key,
	long long		num)
{
	out_key(o, key);
	printf("%lld", num);
}

/* Plain characters; without a key in the line for people, if that is NULL */
void
dmio_out_word(
	struct dm_out		*o,
	const char		*key,
	const char		*word)
{
	out_key(o, o->json && !key ? "value" : key);
	printf(o->json ? "\"%s\"" : "%s", word);
}

/* In hexadecimal digits */
void
dmio_out_bytes(
	struct dm_out		*o,
	const char		*key,
	const void		*p,
	size_t			len)
{
	out_key(o, key);
	if (o->json)
		putchar('"');
	dmio_print_bytes(p, len);
	if (o->json)
		putchar('"');
}

/* What is text as a rule */
void
dmio_out_text(
	struct dm_out		*o,
	const char		*key,
	const void		*text,
	size_t			len)
{
	const unsigned char	*p = text;

	out_key(o, key);
	if (!o->json) {
		dmio_print_value(p, len, false);
		return;
	}
	putchar('"');
	for (; len--; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p >= ' ' && *p <= '~')
			putchar(*p);
		else
			printf("\\u%04x", *p);
	}
	putchar('"');
}

void
dmio_out_attrname(
	struct dm_out		*o,
	const char		*key,
	const dm_attrname_t	*name)
{
	size_t			len = DM_ATTR_NAME_SIZE;

	while (len && !name->an_chars[len - 1])
		len--;
	dmio_out_text(o, key, name->an_chars, len);
}

void
dmio_out_end(
	struct dm_out		*o)
{
	printf(o->json ? "}\n" : "\n");
	/* Whoever reads a pipe wants it now. */
	fflush(stdout);
}

#define OUT_HANDLE(o, key, p, field) do {				\
	if (DM_GET_LEN(p, field))					\
		dmio_out_bytes(o, key, DM_GET_VALUE(p, field, void *),	\
				DM_GET_LEN(p, field));			\
} while (0)

/* Names end with a NUL, which is not printed. */
#define OUT_NAME(o, key, p, field) do {					\
	if (DM_GET_LEN(p, field))					\
		dmio_out_text(o, key, DM_GET_VALUE(p, field, void *),	\
				strnlen(DM_GET_VALUE(p, field, char *),	\
					DM_GET_LEN(p, field)));		\
} while (0)

/* MOUNT, and what dm_get_mountinfo() gives */
void
dmio_out_mount(
	struct dm_out		*o,
	dm_mount_event_t	*me)
{
	dmio_out_num(o, "mode", me->me_mode);
	OUT_HANDLE(o, "fs", me, me_handle1);
	OUT_HANDLE(o, "dir", me, me_handle2);
	OUT_NAME(o, "path", me, me_name1);
	OUT_NAME(o, "source", me, me_name2);
	OUT_HANDLE(o, "root", me, me_roothandle);
}

static void
out_names(
	struct dm_out		*o,
	dm_namesp_event_t	*ne)
{
	dmio_out_num(o, "mode", ne->ne_mode);
	OUT_HANDLE(o, "handle1", ne, ne_handle1);
	OUT_HANDLE(o, "handle2", ne, ne_handle2);
	OUT_NAME(o, "name1", ne, ne_name1);
	OUT_NAME(o, "name2", ne, ne_name2);
	dmio_out_num(o, "retcode", ne->ne_retcode);
}

/* A message */
void
dmio_out_msg(
	struct dm_out		*o,
	dm_eventmsg_t		*msg)
{
	const char		*name = dmio_event_name(msg->ev_type);
	void			*p = DM_GET_VALUE(msg, ev_data, void *);
	dm_data_event_t		*de = p;
	dm_destroy_event_t	*ds = p;
	dm_cancel_event_t	*ce = p;

	dmio_out_word(o, o->json ? "event" : NULL, name ? name : "unknown");
	dmio_out_num(o, "token", msg->ev_token);
	dmio_out_num(o, "sequence", msg->ev_sequence);
	switch (msg->ev_type) {
	case DM_EVENT_READ:
	case DM_EVENT_WRITE:
	case DM_EVENT_TRUNCATE:
		OUT_HANDLE(o, "handle", de, de_handle);
		dmio_out_num(o, "offset", de->de_offset);
		dmio_out_num(o, "length", de->de_length);
		break;
	case DM_EVENT_DESTROY:
		OUT_HANDLE(o, "handle", ds, ds_handle);
		if (DM_GET_LEN(ds, ds_attrcopy)) {
			dmio_out_attrname(o, "attr", &ds->ds_attrname);
			dmio_out_text(o, "value",
				DM_GET_VALUE(ds, ds_attrcopy, void *),
				DM_GET_LEN(ds, ds_attrcopy));
		}
		break;
	case DM_EVENT_CANCEL:
		dmio_out_num(o, "cancelled", ce->ce_token);
		dmio_out_num(o, "its_sequence", ce->ce_sequence);
		break;
	case DM_EVENT_MOUNT:
		dmio_out_mount(o, p);
		break;
	case DM_EVENT_USER:
		dmio_out_text(o, "data", p, DM_GET_LEN(msg, ev_data));
		break;
	default:
		out_names(o, p);
		break;
	}
}
