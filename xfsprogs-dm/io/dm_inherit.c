// SPDX-License-Identifier: GPL-2.0
/*
 * What new objects begin with, and what is told of those that go
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_born_cmd;
static cmdinfo_t dm_inherit_cmd;
static cmdinfo_t dm_on_destroy_cmd;

static void
dm_inherit_help(void)
{
	printf(_(
"\n"
" lists or changes which DM attributes of a directory new objects in it inherit,\n"
" in all of the open file's file system\n"
"\n"
" list            -- name and type of object; also without arguments\n"
" set NAME [TYPE] -- objects of this type, or all, inherit it\n"
" clear NAME      -- none do\n"
"\n"
" TYPE is all, file, dir, symlink, fifo, socket, char or block.\n"
"\n"
" -j        -- lines of JSON\n"
DM_TARGET_HELP
"\n"));
}

static const struct {
	const char		*name;
	mode_t			mode;
} dm_types[] = {
	{ "all", 0 }, { "file", S_IFREG }, { "dir", S_IFDIR },
	{ "symlink", S_IFLNK }, { "fifo", S_IFIFO }, { "socket", S_IFSOCK },
	{ "char", S_IFCHR }, { "block", S_IFBLK },
};

static int
dm_inherit_list(
	struct dm_target	*t,
	struct dm_out		*o)
{
	dm_inherit_t		*list = NULL;
	unsigned int		nelem = 0, i, k;

	while (dm_getall_inherit(t->sid, t->hanp, t->hlen, t->token, nelem,
				list, &nelem)) {
		free(list);
		if (errno != E2BIG)
			return dmio_fail("dm_getall_inherit");
		list = calloc(nelem, sizeof(*list));
		if (!list)
			return dmio_fail("calloc");
	}
	for (i = 0; i < nelem; i++) {
		for (k = 0; k < ARRAY_SIZE(dm_types) - 1; k++)
			if (dm_types[k].mode == (list[i].ih_filetype & S_IFMT))
				break;
		dmio_out_begin(o);
		dmio_out_attrname(o, "name", &list[i].ih_name);
		dmio_out_word(o, "type", dm_types[k].name);
		dmio_out_end(o);
	}
	free(list);
	return 0;
}

static int
dm_inherit_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_attrname_t		name;
	const char		*what = "list";
	int			nargs = 0, type = 0;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "j" DM_TARGET_OPTS, &t,
			&dm_inherit_cmd)) != EOF) {
		if (c != 'j')
			return 0;
		o.json = true;
	}
	argv += optind;
	if (optind < argc) {
		what = *argv++;
		nargs = argc - optind - 1;
	}
	if (!((strcmp(what, "list") == 0 && nargs == 0) ||
	      (strcmp(what, "set") == 0 && (nargs == 1 || nargs == 2)) ||
	      (strcmp(what, "clear") == 0 && nargs == 1)))
		return dmio_cmd_usage(&dm_inherit_cmd);
	if (nargs && dmio_parse_attrname(argv[0], &name))
		return 0;
	if (nargs == 2) {
		while (type < ARRAY_SIZE(dm_types) &&
		       strcmp(argv[1], dm_types[type].name))
			type++;
		if (type == ARRAY_SIZE(dm_types)) {
			fprintf(stderr, _("bad type -- %s\n"), argv[1]);
			exitcode = 1;
			return 0;
		}
	}

	if (dmio_target_open_fs(&t))
		return 0;
	switch (*what) {
	case 'l':
		dm_inherit_list(&t, &o);
		break;
	case 's':
		if (dm_set_inherit(t.sid, t.hanp, t.hlen, t.token, &name,
				dm_types[type].mode))
			dmio_fail("dm_set_inherit");
		break;
	case 'c':
		if (dm_clear_inherit(t.sid, t.hanp, t.hlen, t.token, &name))
			dmio_fail("dm_clear_inherit");
		break;
	}
	dmio_target_close(&t);
	return 0;
}

static void
dm_born_help(void)
{
	printf(_(
"\n"
" tells or changes with which event list, and which managed region over all of\n"
" it, an object begins that is made in the open directory\n"
"\n"
" EVENTS REGION -- names of events with commas between, or -; and r, w and t for\n"
"                  READ, WRITE and TRUNCATE, together or -\n"
"\n"
" -F        -- anywhere in its file system, where the directory says nothing\n"
" -j        -- a line of JSON\n"
DM_TARGET_HELP
"\n"
" Example:\n"
" 'dm_born -F destroy w' - tell of files that change for the first time, or go\n"
"\n"));
}

static int
dm_born_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_eventset_t		events = 0;
	unsigned int		regions = 0;
	bool			fs = false, change;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "Fj" DM_TARGET_OPTS, &t,
			&dm_born_cmd)) != EOF) {
		switch (c) {
		case 'F':
			fs = true;
			break;
		case 'j':
			o.json = true;
			break;
		default:
			return 0;
		}
	}
	change = optind == argc - 2;
	if (!change && optind != argc)
		return dmio_cmd_usage(&dm_born_cmd);
	if (change && (dmio_parse_events(argv[optind], &events) ||
		       dmio_parse_regions(argv[optind + 1], &regions)))
		return 0;

	if (fs ? dmio_target_open_fs(&t) : dmio_target_open(&t))
		return 0;
	if (change) {
		if (dmx_set_born(t.sid, t.hanp, t.hlen, t.token, events, regions))
			dmio_fail("dmx_set_born");
	} else if (dmx_get_born(t.sid, t.hanp, t.hlen, t.token, &events,
				&regions)) {
		dmio_fail("dmx_get_born");
	} else {
		dmio_out_begin(&o);
		dmio_out_events(&o, "events", events);
		dmio_out_regions(&o, "region", regions);
		dmio_out_end(&o);
	}
	dmio_target_close(&t);
	return 0;
}

static void
dm_on_destroy_help(void)
{
	printf(_(
"\n"
" names the DM attribute whose value the event destroy carries, in all of the\n"
" open file's file system; or none, with -\n"
"\n"
" -s sid    -- the session, which is registered for destroy with dm_disp\n"
"\n"));
}

static int
dm_on_destroy_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_attrname_t		name = { };
	bool			on;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t,
			&dm_on_destroy_cmd) != EOF)
		return 0;
	if (optind != argc - 1 || t.sid == DM_NO_SESSION)
		return dmio_cmd_usage(&dm_on_destroy_cmd);
	on = strcmp(argv[optind], "-") != 0;
	if (on && dmio_parse_attrname(argv[optind], &name))
		return 0;
	if (dmio_target_open_fs(&t))
		return 0;
	if (dm_set_return_on_destroy(t.sid, t.hanp, t.hlen, t.token, &name, on))
		dmio_fail("dm_set_return_on_destroy");
	dmio_target_close(&t);
	return 0;
}

void
dmio_inherit_init(void)
{
	dmio_add(&dm_born_cmd, "dm_born", dm_born_f, DM_FILE,
		"[-Fj] " DM_TARGET_ARGS " [events region]",
		_("event list and region that new objects begin with"),
		dm_born_help);
	dmio_add(&dm_inherit_cmd, "dm_inherit", dm_inherit_f, DM_FILE,
		"[-j] " DM_TARGET_ARGS " [list | set name [type] | clear name]",
		_("DM attributes that new objects inherit"), dm_inherit_help);
	dmio_add(&dm_on_destroy_cmd, "dm_on_destroy", dm_on_destroy_f, DM_FILE,
		"[-H handle] -s sid [-t token] name | -",
		_("DM attribute that the event destroy carries"),
		dm_on_destroy_help);
}
