// SPDX-License-Identifier: GPL-2.0
/*
 * Event lists: what the open file, or all of its file system, tells of
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_eventlist_cmd;

static const char *const dm_event_names[DM_EVENT_MAX] = {
	[DM_EVENT_CANCEL]	= "cancel",
	[DM_EVENT_MOUNT]	= "mount",
	[DM_EVENT_PREUNMOUNT]	= "preunmount",
	[DM_EVENT_UNMOUNT]	= "unmount",
	[DM_EVENT_DEBUT]	= "debut",
	[DM_EVENT_CREATE]	= "create",
	[DM_EVENT_CLOSE]	= "close",
	[DM_EVENT_POSTCREATE]	= "postcreate",
	[DM_EVENT_REMOVE]	= "remove",
	[DM_EVENT_POSTREMOVE]	= "postremove",
	[DM_EVENT_RENAME]	= "rename",
	[DM_EVENT_POSTRENAME]	= "postrename",
	[DM_EVENT_LINK]		= "link",
	[DM_EVENT_POSTLINK]	= "postlink",
	[DM_EVENT_SYMLINK]	= "symlink",
	[DM_EVENT_POSTSYMLINK]	= "postsymlink",
	[DM_EVENT_READ]		= "read",
	[DM_EVENT_WRITE]	= "write",
	[DM_EVENT_TRUNCATE]	= "truncate",
	[DM_EVENT_ATTRIBUTE]	= "attribute",
	[DM_EVENT_DESTROY]	= "destroy",
	[DM_EVENT_NOSPACE]	= "nospace",
	[DM_EVENT_USER]		= "user",
};

static void
dm_eventlist_help(void)
{
	printf(_(
"\n"
" prints the event list of the open file or directory, or replaces it by the\n"
" events that are named, with commas between them; - is none of them\n"
"\n"
" An object raises the events of its own list and of its file system's.  Those\n"
" that tell of names belong in the list of the directory.  The list of a regular\n"
" file is printed with read, write and truncate, if one of its regions has them;\n"
" they are not set here but with dm_region.\n"
"\n"
" -F       -- the list of its file system instead\n"
DM_TARGET_HELP
"\n"
" The names are:\n"
"  cancel debut close attribute destroy           of anything\n"
"  create remove rename link symlink\n"
"  postcreate postremove postrename postlink\n"
"  postsymlink                                    of directories besides\n"
"  preunmount unmount nospace                     of file systems besides\n"
"\n"
" Example:\n"
" 'dm_eventlist -F postcreate,destroy' - tell of all files that come and go\n"
"\n"));
}

/* NULL if there is no such event */
const char *
dmio_event_name(
	int			ev)
{
	return ev >= 0 && ev < DM_EVENT_MAX ? dm_event_names[ev] : NULL;
}

/* Names with commas between, or -; takes the text apart. */
int
dmio_parse_events(
	char			*text,
	dm_eventset_t		*setp)
{
	char			*name;
	int			ev;

	DMEV_ZERO(*setp);
	if (strcmp(text, "-") == 0)
		return 0;
	while ((name = strsep(&text, ",")) != NULL) {
		for (ev = 0; ev < DM_EVENT_MAX; ev++)
			if (strcasecmp(name, dm_event_names[ev]) == 0)
				break;
		if (ev == DM_EVENT_MAX) {
			fprintf(stderr, _("bad event -- %s\n"), name);
			exitcode = 1;
			return -1;
		}
		DMEV_SET(ev, *setp);
	}
	return 0;
}

void
dmio_out_events(
	struct dm_out		*o,
	const char		*key,
	dm_eventset_t		set)
{
	char			text[DM_EVENT_MAX * 16] = "";
	int			ev;

	for (ev = 0; ev < DM_EVENT_MAX; ev++) {
		if (!DMEV_ISSET(ev, set))
			continue;
		if (*text)
			strcat(text, ",");
		strcat(text, dm_event_names[ev]);
	}
	dmio_out_word(o, key, *text ? text : "-");
}

static int
dm_eventlist_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_eventset_t		set = 0;
	unsigned int		nelem;
	bool			fs = false, change;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "F" DM_TARGET_OPTS,
			&t, &dm_eventlist_cmd)) != EOF) {
		switch (c) {
		case 'F':
			fs = true;
			break;
		default:
			return 0;
		}
	}
	if (optind < argc - 1)
		return dmio_cmd_usage(&dm_eventlist_cmd);
	change = optind == argc - 1;
	if (change && dmio_parse_events(argv[optind], &set))
		return 0;

	if (fs ? dmio_target_open_fs(&t) : dmio_target_open(&t))
		return 0;
	if (change) {
		if (dm_set_eventlist(t.sid, t.hanp, t.hlen, t.token, &set,
				DM_EVENT_MAX))
			dmio_fail("dm_set_eventlist");
	} else if (dm_get_eventlist(t.sid, t.hanp, t.hlen, t.token,
				DM_EVENT_MAX, &set, &nelem)) {
		dmio_fail("dm_get_eventlist");
	} else {
		dmio_out_begin(&o);
		dmio_out_events(&o, NULL, set);
		dmio_out_end(&o);
	}
	dmio_target_close(&t);
	return 0;
}

void
dmio_event_init(void)
{
	dm_eventlist_cmd.name = "dm_eventlist";
	dm_eventlist_cmd.cfunc = dm_eventlist_f;
	dm_eventlist_cmd.argmin = 0;
	dm_eventlist_cmd.argmax = -1;
	dm_eventlist_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_eventlist_cmd.args = "[-F] " DM_TARGET_ARGS " [events | -]";
	dm_eventlist_cmd.oneline = _("event list of the open file");
	dm_eventlist_cmd.help = dm_eventlist_help;

	add_command(&dm_eventlist_cmd);
}
