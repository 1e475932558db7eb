// SPDX-License-Identifier: GPL-2.0
/*
 * What a token holds: rights to the open file, and a reference that keeps it
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_ref_cmd;
static cmdinfo_t dm_right_cmd;

static void
dm_right_help(void)
{
	printf(_(
"\n"
" tells or changes the right that a token has to the open file\n"
"\n"
" query               -- none, shared or excl; also without arguments\n"
" request shared|excl -- have it, or fail if others are in the way\n"
" release             -- have none\n"
" upgrade             -- shared becomes excl\n"
" downgrade           -- excl becomes shared\n"
"\n"
" While a token has shared nobody changes the file, while one has excl nobody\n"
" reads it either; they wait until the token is answered or releases it.\n"
"\n"
" -F        -- to its file system instead: it keeps out other DM calls alone\n"
" -H handle -- to the object with this handle\n"
" -s sid    -- the session\n"
" -t token  -- of a message that dm_events printed or dm_userevent made\n"
" -w        -- request waits for those that are in the way\n"
"\n"
" Example:\n"
" 'dm_right -s 4 -t 17 -w request excl'\n"
"\n"));
}

static const char *const dm_right_names[] = {
	[DM_RIGHT_NULL]		= "none",
	[DM_RIGHT_SHARED]	= "shared",
	[DM_RIGHT_EXCL]		= "excl",
};

static int
dm_right_change(
	struct dm_target	*t,
	const char		*what,
	unsigned int		flags,
	dm_right_t		right)
{
	switch (what[2]) {
	case 'q':	/* request */
		if (dm_request_right(t->sid, t->hanp, t->hlen, t->token, flags,
				right))
			return dmio_fail("dm_request_right");
		break;
	case 'l':	/* release */
		if (dm_release_right(t->sid, t->hanp, t->hlen, t->token))
			return dmio_fail("dm_release_right");
		break;
	case 'g':	/* upgrade */
		if (dm_upgrade_right(t->sid, t->hanp, t->hlen, t->token))
			return dmio_fail("dm_upgrade_right");
		break;
	case 'w':	/* downgrade */
		if (dm_downgrade_right(t->sid, t->hanp, t->hlen, t->token))
			return dmio_fail("dm_downgrade_right");
		break;
	}
	return 0;
}

static int
dm_right_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	const char		*what = "query";
	dm_right_t		right = DM_RIGHT_NULL;
	unsigned int		flags = 0;
	bool			fs = false;
	int			nargs = 0;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "Fw" DM_TARGET_OPTS, &t,
			&dm_right_cmd)) != EOF) {
		switch (c) {
		case 'F':
			fs = true;
			break;
		case 'w':
			flags |= DM_RR_WAIT;
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
	if (nargs == 1 && strcmp(what, "request") == 0) {
		if (strcmp(argv[0], "shared") == 0)
			right = DM_RIGHT_SHARED;
		else if (strcmp(argv[0], "excl") == 0)
			right = DM_RIGHT_EXCL;
	}
	if (t.token == DM_NO_TOKEN ||
	    (right == DM_RIGHT_NULL &&
	     (nargs || (strcmp(what, "query") && strcmp(what, "release") &&
			strcmp(what, "upgrade") && strcmp(what, "downgrade")))))
		return dmio_cmd_usage(&dm_right_cmd);

	if (fs ? dmio_target_open_fs(&t) : dmio_target_open(&t))
		return 0;
	if (*what != 'q')
		dm_right_change(&t, what, flags, right);
	/* ENOENT: it has none */
	else if (dm_query_right(t.sid, t.hanp, t.hlen, t.token, &right) &&
		 errno != ENOENT)
		dmio_fail("dm_query_right");
	else
		printf("%s\n", dm_right_names[right]);
	dmio_target_close(&t);
	return 0;
}

static void
dm_ref_help(void)
{
	printf(_(
"\n"
" tells whether a token holds a reference to the open file, which keeps it in\n"
" memory, and its number from use by another file, when it is removed\n"
"\n"
" query -- held or not; also without arguments\n"
" hold  -- hold one\n"
" rele  -- let it go\n"
"\n"
" -H handle -- to the object with this handle\n"
" -s sid    -- the session\n"
" -t token  -- of a message that dm_events printed or dm_userevent made\n"
"\n"));
}

static int
dm_ref_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	const char		*what = "query";
	int			held;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_ref_cmd) != EOF)
		return 0;
	if (optind == argc - 1)
		what = argv[optind];
	if (t.token == DM_NO_TOKEN || optind < argc - 1 ||
	    (strcmp(what, "query") && strcmp(what, "hold") &&
	     strcmp(what, "rele")))
		return dmio_cmd_usage(&dm_ref_cmd);

	if (dmio_target_open(&t))
		return 0;
	switch (*what) {
	case 'q':
		held = dm_obj_ref_query(t.sid, t.token, t.hanp, t.hlen);
		if (held < 0)
			dmio_fail("dm_obj_ref_query");
		else
			printf("%s\n", held ? _("held") : _("not held"));
		break;
	case 'h':
		if (dm_obj_ref_hold(t.sid, t.token, t.hanp, t.hlen))
			dmio_fail("dm_obj_ref_hold");
		break;
	case 'r':
		if (dm_obj_ref_rele(t.sid, t.token, t.hanp, t.hlen))
			dmio_fail("dm_obj_ref_rele");
		break;
	}
	dmio_target_close(&t);
	return 0;
}

void
dmio_right_init(void)
{
	dmio_add(&dm_ref_cmd, "dm_ref", dm_ref_f, DM_FILE,
		"[-H handle] -s sid -t token [query | hold | rele]",
		_("the reference that a DM token holds"), dm_ref_help);
	dmio_add(&dm_right_cmd, "dm_right", dm_right_f, DM_FILE,
		"[-Fw] [-H handle] -s sid -t token "
		"[query | request shared|excl | release | upgrade | downgrade]",
		_("the right that a DM token has"), dm_right_help);
}
