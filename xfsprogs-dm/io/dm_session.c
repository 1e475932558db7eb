// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions, which need no file
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_create_cmd;
static cmdinfo_t dm_destroy_cmd;
static cmdinfo_t dm_sessions_cmd;

static void
dm_sessions_help(void)
{
	printf(_(
"\n"
" lists all sessions: id, number of unanswered messages, information string\n"
"\n"));
}

static int
dm_sessions_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		*sids = NULL;
	unsigned int		nelem = 0, tokens, i;
	char			info[DM_SESSION_INFO_LEN];
	size_t			len;

	if (dmio_service())
		return 0;
	while (dm_getall_sessions(nelem, sids, &nelem)) {
		if (errno != E2BIG) {
			dmio_fail("dm_getall_sessions");
			goto out;
		}
		free(sids);
		sids = calloc(nelem, sizeof(*sids));
		if (!sids) {
			dmio_fail("calloc");
			return 0;
		}
	}
	for (i = 0; i < nelem; i++) {
		tokens = 0;
		if (dm_query_session(sids[i], sizeof(info), info, &len) ||
		    (dm_getall_tokens(sids[i], 0, NULL, &tokens) &&
		     errno != E2BIG)) {
			/* EINVAL: it ended meanwhile */
			if (errno != EINVAL)
				dmio_fail("dm_query_session");
			continue;
		}
		printf("%d: %u ", sids[i], tokens);
		dmio_print_value((unsigned char *)info, strnlen(info, len), false);
		printf("\n");
	}
out:
	free(sids);
	return 0;
}

static void
dm_create_help(void)
{
	printf(_(
"\n"
" makes a session with an information string, which may have blanks, and prints\n"
" its id; the session stays until dm_destroy\n"
"\n"
" -o sid -- assume this session: its messages and tokens go over to the new\n"
"           id, the old one is dead\n"
"\n"));
}

static int
dm_create_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		oldsid = DM_NO_SESSION, sid;
	char			info[DM_SESSION_INFO_LEN + 1] = "";
	int			c;

	while ((c = getopt(argc, argv, "o:")) != EOF) {
		switch (c) {
		case 'o':
			if (dmio_parse_id(_("session"), optarg, &oldsid))
				return 0;
			break;
		default:
			return dmio_cmd_usage(&dm_create_cmd);
		}
	}
	if (optind == argc)
		return dmio_cmd_usage(&dm_create_cmd);
	/* One byte more than is allowed, so that the kernel sees it. */
	for (; optind < argc; optind++) {
		strncat(info, argv[optind], sizeof(info) - strlen(info) - 1);
		if (optind < argc - 1)
			strncat(info, " ", sizeof(info) - strlen(info) - 1);
	}
	if (dmio_service())
		return 0;
	if (dm_create_session(oldsid, info, &sid))
		dmio_fail("dm_create_session");
	else
		printf("%d\n", sid);
	return 0;
}

static void
dm_destroy_help(void)
{
	printf(_(
"\n"
" destroys a session; not possible while it has messages that are not answered\n"
"\n"));
}

static int
dm_destroy_f(
	int			argc,
	char			**argv)
{
	dm_sessid_t		sid;

	if (dmio_parse_id(_("session"), argv[1], &sid) || dmio_service())
		return 0;
	if (dm_destroy_session(sid))
		dmio_fail("dm_destroy_session");
	return 0;
}

void
dmio_session_init(void)
{
	dm_create_cmd.name = "dm_create";
	dm_create_cmd.cfunc = dm_create_f;
	dm_create_cmd.argmin = 1;
	dm_create_cmd.argmax = -1;
	dm_create_cmd.flags = CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK |
		CMD_FLAG_ONESHOT;
	dm_create_cmd.args = "[-o oldsid] info...";
	dm_create_cmd.oneline = _("make or assume a DM session");
	dm_create_cmd.help = dm_create_help;

	dm_destroy_cmd.name = "dm_destroy";
	dm_destroy_cmd.cfunc = dm_destroy_f;
	dm_destroy_cmd.argmin = 1;
	dm_destroy_cmd.argmax = 1;
	dm_destroy_cmd.flags = CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK |
		CMD_FLAG_ONESHOT;
	dm_destroy_cmd.args = "sid";
	dm_destroy_cmd.oneline = _("destroy a DM session");
	dm_destroy_cmd.help = dm_destroy_help;

	dm_sessions_cmd.name = "dm_sessions";
	dm_sessions_cmd.cfunc = dm_sessions_f;
	dm_sessions_cmd.argmin = 0;
	dm_sessions_cmd.argmax = 0;
	dm_sessions_cmd.flags = CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK |
		CMD_FLAG_ONESHOT;
	dm_sessions_cmd.args = "";
	dm_sessions_cmd.oneline = _("list DM sessions");
	dm_sessions_cmd.help = dm_sessions_help;

	add_command(&dm_create_cmd);
	add_command(&dm_destroy_cmd);
	add_command(&dm_sessions_cmd);
}
