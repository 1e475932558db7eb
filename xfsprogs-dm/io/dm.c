// SPDX-License-Identifier: GPL-2.0
/*
 * Data management: the XDSM interface (DMAPI) from the command line
 *
 * What a DM application does in one of its calls, a command does to the open
 * file.  Nearly every call wants a session; unless one is named with -s, a
 * command makes its own and destroys it before it returns.
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"
#include <sys/sysmacros.h>

#define SESSION_NAME	"xfs_io"

static cmdinfo_t dm_handle_cmd;
static cmdinfo_t dm_managed_cmd;

int
dmio_fail(
	const char		*what)
{
	perror(what);
	exitcode = 1;
	return -1;
}

int
dmio_service(void)
{
	char			*version;

	if (!dm_init_service(&version))
		return 0;
	fprintf(stderr, "%s\n", dmx_init_error());
	exitcode = 1;
	return -1;
}

/* A command that looks at its arguments itself */
void
dmio_add(
	cmdinfo_t		*cmd,
	const char		*name,
	cfunc_t			func,
	int			flags,
	const char		*args,
	const char		*oneline,
	helpfunc_t		help)
{
	cmd->name = name;
	cmd->cfunc = func;
	cmd->argmin = 0;
	cmd->argmax = -1;
	cmd->flags = flags;
	cmd->args = args;
	cmd->oneline = oneline;
	cmd->help = help;
	add_command(cmd);
}

int
dmio_cmd_usage(
	const cmdinfo_t		*cmd)
{
	exitcode = 1;
	return command_usage(cmd);
}

/* A session id or a token: a positive number */
int
dmio_parse_id(
	const char		*what,
	const char		*text,
	int			*idp)
{
	char			*end;
	long			id;

	errno = 0;
	id = strtol(text, &end, 10);
	if (errno || end == text || *end || id <= 0 || id > INT_MAX) {
		fprintf(stderr, _("bad %s -- %s\n"), what, text);
		exitcode = 1;
		return -1;
	}
	*idp = id;
	return 0;
}

/* -H, -s and -t, which all commands that work on the open file have */
static int
dmio_target_option(
	struct dm_target	*t,
	int			c)
{
	if (c == 'H')
		return dmio_parse_handle(optarg, &t->hanp, &t->hlen);
	if (c == 's')
		return dmio_parse_id(_("session"), optarg, &t->sid);
	return dmio_parse_id(_("token"), optarg, &t->token);
}

/*
 * The next option that is the command's own, EOF behind the last, or '?' if one
 * was wrong, and that has been said.
 */
int
dmio_target_getopt(
	int			argc,
	char			**argv,
	const char		*opts,
	struct dm_target	*t,
	const cmdinfo_t		*cmd)
{
	int			c;

	while ((c = getopt(argc, argv, opts)) == 's' || c == 't' || c == 'H') {
		if (dmio_target_option(t, c))
			return '?';
	}
	if (c == '?')
		dmio_cmd_usage(cmd);
	return c;
}

int
dmio_target_open(
	struct dm_target	*t)
{
	if (t->token != DM_NO_TOKEN && t->sid == DM_NO_SESSION) {
		fprintf(stderr, _("a token means nothing without its session\n"));
		exitcode = 1;
		return -1;
	}
	if (dmio_service())
		return -1;
	if (!t->hanp && dm_fd_to_handle(file->fd, &t->hanp, &t->hlen))
		return dmio_fail("dm_fd_to_handle");
	if (t->sid != DM_NO_SESSION)
		return 0;
	if (dm_create_session(DM_NO_SESSION, SESSION_NAME, &t->sid)) {
		dmio_fail("dm_create_session");
		dm_handle_free(t->hanp, t->hlen);
		return -1;
	}
	t->own_session = true;
	return 0;
}

/* The same for the file system that the object is in */
int
dmio_target_open_fs(
	struct dm_target	*t)
{
	void			*fshanp;
	size_t			fshlen;

	if (dmio_target_open(t))
		return -1;
	if (dm_handle_to_fshandle(t->hanp, t->hlen, &fshanp, &fshlen)) {
		dmio_fail("dm_handle_to_fshandle");
		dmio_target_close(t);
		return -1;
	}
	dm_handle_free(t->hanp, t->hlen);
	t->hanp = fshanp;
	t->hlen = fshlen;
	return 0;
}

void
dmio_target_close(
	struct dm_target	*t)
{
	if (t->own_session && dm_destroy_session(t->sid))
		dmio_fail("dm_destroy_session");
	dm_handle_free(t->hanp, t->hlen);
}

/* Bytes, with the suffixes that other commands take */
int
dmio_parse_num(
	const char		*what,
	char			*text,
	long long		*nump)
{
	size_t			blocksize, sectsize;

	init_cvtnum(&blocksize, &sectsize);
	*nump = cvtnum(blocksize, sectsize, text);
	if (*nump < 0) {
		fprintf(stderr, _("non-numeric %s argument -- %s\n"), what, text);
		exitcode = 1;
		return -1;
	}
	return 0;
}

int
dmio_parse_range(
	char			**argv,
	long long		*offp,
	long long		*lenp)
{
	if (dmio_parse_num(_("offset"), argv[0], offp))
		return -1;
	return dmio_parse_num(_("length"), argv[1], lenp);
}

void
dmio_print_bytes(
	const unsigned char	*p,
	size_t			len)
{
	while (len--)
		printf("%02x", *p++);
}

/* Values may hold anything: what is no plain character is escaped. */
void
dmio_print_value(
	const unsigned char	*p,
	size_t			len,
	bool			hex)
{
	if (hex) {
		dmio_print_bytes(p, len);
		return;
	}
	for (; len--; p++) {
		if (*p >= ' ' && *p <= '~' && *p != '\\')
			putchar(*p);
		else
			printf("\\x%02x", *p);
	}
}

static void
dm_handle_help(void)
{
	printf(_(
"\n"
" prints the handle by which DM applications know the open file\n"
"\n"
" -f -- the handle of its file system instead\n"
" -v -- with what it consists of, a line each\n"
"\n"));
}

static int
dm_handle_f(
	int			argc,
	char			**argv)
{
	void			*hanp, *fshanp;
	size_t			hlen, fshlen;
	bool			fs = false, verbose = false;
	dm_fsid_t		fsid;
	dm_ino_t		ino;
	dm_igen_t		igen;
	int			c;

	while ((c = getopt(argc, argv, "fv")) != EOF) {
		switch (c) {
		case 'f':
			fs = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return dmio_cmd_usage(&dm_handle_cmd);
		}
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_handle_cmd);

	if (dmio_service())
		return 0;
	if (dm_fd_to_handle(file->fd, &hanp, &hlen)) {
		dmio_fail("dm_fd_to_handle");
		return 0;
	}
	if (fs) {
		if (dm_handle_to_fshandle(hanp, hlen, &fshanp, &fshlen)) {
			dmio_fail("dm_handle_to_fshandle");
			goto out;
		}
		dm_handle_free(hanp, hlen);
		hanp = fshanp;
		hlen = fshlen;
	}

	printf("handle = ");
	dmio_print_bytes(hanp, hlen);
	printf("\n");
	if (!verbose)
		goto out;
	if (dm_handle_to_fsid(hanp, hlen, &fsid))
		dmio_fail("dm_handle_to_fsid");
	else
		printf("fsid = 0x%llx\n", (unsigned long long)fsid);
	if (fs)
		goto out;
	if (dm_handle_to_ino(hanp, hlen, &ino) ||
	    dm_handle_to_igen(hanp, hlen, &igen))
		dmio_fail("dm_handle_to_ino");
	else
		printf("ino = %llu\ngeneration = %u\n",
				(unsigned long long)ino, igen);
out:
	dm_handle_free(hanp, hlen);
	return 0;
}

static void
dm_managed_help(void)
{
	printf(_(
"\n"
" tells whether the file system of the open file is marked as managed, so that\n"
" it is mounted with data management whether the option is given or not\n"
"\n"
" on  -- mark it\n"
" off -- take the mark away\n"
"\n"));
}

/* The mark as the mount's directory in sysfs has it */
static void
dm_managed_show(void)
{
	char			dev[64], disk[PATH_MAX], path[PATH_MAX + 64];
	struct stat		st;
	FILE			*f;
	int			c;

	if (fstat(file->fd, &st)) {
		dmio_fail("fstat");
		return;
	}
	snprintf(dev, sizeof(dev), "/sys/dev/block/%u:%u", major(st.st_dev),
		 minor(st.st_dev));
	if (!realpath(dev, disk)) {
		dmio_fail(dev);
		return;
	}
	snprintf(path, sizeof(path), "/sys/fs/xfs/%s/dmapi/managed",
		 strrchr(disk, '/') + 1);
	f = fopen(path, "r");
	if (!f) {
		dmio_fail(path);
		return;
	}
	c = getc(f);
	fclose(f);
	printf("%s\n", c == '1' ? _("marked as managed") : _("not marked"));
}

static int
dm_managed_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	bool			on;

	if (argc == 1) {
		dm_managed_show();
		return 0;
	}
	on = strcmp(argv[1], "on") == 0;
	if (!on && strcmp(argv[1], "off") != 0)
		return dmio_cmd_usage(&dm_managed_cmd);

	if (dmio_target_open_fs(&t))
		return 0;
	if (dmx_set_managed(t.sid, t.hanp, t.hlen, t.token, on))
		dmio_fail("dmx_set_managed");
	dmio_target_close(&t);
	return 0;
}

void
dmapi_init(void)
{
	dm_handle_cmd.name = "dm_handle";
	dm_handle_cmd.cfunc = dm_handle_f;
	dm_handle_cmd.argmin = 0;
	dm_handle_cmd.argmax = -1;
	dm_handle_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_handle_cmd.args = "[-fv]";
	dm_handle_cmd.oneline = _("print the DM handle of the open file");
	dm_handle_cmd.help = dm_handle_help;

	dm_managed_cmd.name = "dm_managed";
	dm_managed_cmd.cfunc = dm_managed_f;
	dm_managed_cmd.argmin = 0;
	dm_managed_cmd.argmax = 1;
	dm_managed_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_managed_cmd.args = "[on|off]";
	dm_managed_cmd.oneline = _("the mark of a managed file system");
	dm_managed_cmd.help = dm_managed_help;

	add_command(&dm_handle_cmd);
	add_command(&dm_managed_cmd);

	dmio_attr_init();
	dmio_config_init();
	dmio_data_init();
	dmio_event_init();
	dmio_extent_init();
	dmio_inherit_init();
	dmio_message_init();
	dmio_name_init();
	dmio_region_init();
	dmio_right_init();
	dmio_scan_init();
	dmio_session_init();
}
