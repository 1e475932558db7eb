// SPDX-License-Identifier: GPL-2.0
/*
 * DM attributes of the open file
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_attr_cmd;

static void
dm_attr_help(void)
{
	printf(_(
"\n"
" lists or changes the DM attributes of the open file\n"
"\n"
" list              -- name, size and value of each, also without arguments\n"
" get NAME          -- the value\n"
" set NAME [VALUE]  -- make or replace, with an empty value if there is none\n"
" remove NAME       -- remove\n"
"\n"
" A name has at most 8 bytes.\n"
"\n"
" -d       -- the change is to be seen in the time stamp\n"
" -x       -- values are hexadecimal\n"
DM_TARGET_HELP
"\n"));
}

/* Turns hexadecimal digits into bytes, in place. */
static int
dm_parse_hex(
	char			*text,
	size_t			*lenp)
{
	size_t			len = strlen(text), i;
	unsigned int		byte;

	for (i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			break;
	if (i < len || len % 2) {
		fprintf(stderr, _("bad hexadecimal value -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	for (i = 0; i < len; i += 2) {
		sscanf(text + i, "%2x", &byte);
		text[i / 2] = byte;
	}
	*lenp = len / 2;
	return 0;
}

static void
dm_attr_print(
	dm_attrlist_t		*al,
	bool			hex)
{
	size_t			len = DM_ATTR_NAME_SIZE;

	while (len && !al->al_name.an_chars[len - 1])
		len--;
	dmio_print_value(al->al_name.an_chars, len, false);
	printf(" %u ", DM_GET_LEN(al, al_data));
	dmio_print_value(DM_GET_VALUE(al, al_data, unsigned char *),
			DM_GET_LEN(al, al_data), hex);
	printf("\n");
}

/* All attributes, or the value of the one that is named */
static void
dm_attr_show(
	struct dm_target	*t,
	dm_attrname_t		*name,
	bool			hex)
{
	const char		*call = name ? "dm_get_dmattr" : "dm_getall_dmattr";
	dm_attrlist_t		*al;
	void			*buf = NULL;
	size_t			len = 0;

	while ((name ? dm_get_dmattr(t->sid, t->hanp, t->hlen, t->token, name,
				len, buf, &len) :
		       dm_getall_dmattr(t->sid, t->hanp, t->hlen, t->token, len,
				buf, &len)) != 0) {
		if (errno != E2BIG) {
			dmio_fail(call);
			goto out;
		}
		free(buf);
		buf = malloc(len);
		if (!buf) {
			dmio_fail("malloc");
			return;
		}
	}
	if (name) {
		dmio_print_value(buf, len, hex);
		printf("\n");
	} else {
		for (al = len ? buf : NULL; al;
		     al = DM_STEP_TO_NEXT(al, dm_attrlist_t *))
			dm_attr_print(al, hex);
	}
out:
	free(buf);
}

static int
dm_attr_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_attrname_t		name;
	const char		*what = "list";
	int			nargs = 0;
	int			setdtime = 0;
	bool			hex = false;
	size_t			len = 0;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "dx" DM_TARGET_OPTS,
			&t, &dm_attr_cmd)) != EOF) {
		switch (c) {
		case 'd':
			setdtime = 1;
			break;
		case 'x':
			hex = true;
			break;
		default:
			return 0;
		}
	}
	argv += optind;
	if (optind < argc) {
		what = *argv++;
		nargs = argc - optind - 1;
	}
	if (!((strcmp(what, "list") == 0 && nargs == 0) ||
	      (strcmp(what, "get") == 0 && nargs == 1) ||
	      (strcmp(what, "set") == 0 && (nargs == 1 || nargs == 2)) ||
	      (strcmp(what, "remove") == 0 && nargs == 1)))
		return dmio_cmd_usage(&dm_attr_cmd);
	if (nargs > 0 && dmio_parse_attrname(argv[0], &name))
		return 0;
	if (nargs > 1) {
		len = strlen(argv[1]);
		if (hex && dm_parse_hex(argv[1], &len))
			return 0;
	}

	if (dmio_target_open(&t))
		return 0;
	switch (*what) {
	case 'l':
		dm_attr_show(&t, NULL, hex);
		break;
	case 'g':
		dm_attr_show(&t, &name, hex);
		break;
	case 's':
		if (dm_set_dmattr(t.sid, t.hanp, t.hlen, t.token, &name,
				setdtime, len, nargs > 1 ? argv[1] : NULL))
			dmio_fail("dm_set_dmattr");
		break;
	case 'r':
		if (dm_remove_dmattr(t.sid, t.hanp, t.hlen, t.token, setdtime,
				&name))
			dmio_fail("dm_remove_dmattr");
		break;
	}
	dmio_target_close(&t);
	return 0;
}

void
dmio_attr_init(void)
{
	dm_attr_cmd.name = "dm_attr";
	dm_attr_cmd.cfunc = dm_attr_f;
	dm_attr_cmd.argmin = 0;
	dm_attr_cmd.argmax = -1;
	dm_attr_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_attr_cmd.args = "[-dx] " DM_TARGET_ARGS
		" [list | get name | set name [value] | remove name]";
	dm_attr_cmd.oneline = _("DM attributes of the open file");
	dm_attr_cmd.help = dm_attr_help;

	add_command(&dm_attr_cmd);
}
