// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of the open file: what is there, what can go, freeing it
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"
#include <sys/xattr.h>

static cmdinfo_t dm_alloc_cmd;
static cmdinfo_t dm_probe_cmd;
static cmdinfo_t dm_punch_cmd;
static cmdinfo_t dm_change_cmd;
static cmdinfo_t dm_state_cmd;

static void
dm_punch_help(void)
{
	printf(_(
"\n"
" frees the blocks of a range of the open file, invisibly: no event, no change\n"
" of size, time stamps or managed regions; length 0 is to the end of the file\n"
"\n"
" Data that is not kept elsewhere is lost.  Where a managed region has READ the\n"
" range becomes offline: readers wait until a DM application brings it back.\n"
"\n"
" -c change -- only if the data is still what dm_change gave this number\n"
DM_TARGET_HELP
"\n"));
}

static void
dm_change_help(void)
{
	printf(_(
"\n"
" prints a number for the data of the open file as it is now; it stays as long\n"
" as nobody changes the data\n"
"\n"
DM_TARGET_HELP
"\n"));
}

static void
dm_probe_help(void)
{
	printf(_(
"\n"
" prints which part of a range of the open file dm_punch could free; a length\n"
" of 0 is to the end of the file\n"
"\n"
DM_TARGET_HELP
"\n"));
}

/* Options and the range of both, with -c if @changep; 0 with the target open */
static int
dm_range_args(
	const cmdinfo_t		*cmd,
	int			argc,
	char			**argv,
	struct dm_target	*t,
	long long		*offp,
	long long		*lenp,
	long long		*changep)
{
	int			c;

	while ((c = dmio_target_getopt(argc, argv,
			changep ? "c:" DM_TARGET_OPTS : DM_TARGET_OPTS, t, cmd)) != EOF) {
		switch (c) {
		case 'c':
			if (dmio_parse_num(_("change"), optarg, changep))
				return -1;
			break;
		default:
			return -1;
		}
	}
	if (optind != argc - 2) {
		dmio_cmd_usage(cmd);
		return -1;
	}
	if (dmio_parse_range(argv + optind, offp, lenp))
		return -1;
	return dmio_target_open(t);
}

static int
dm_punch_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	long long		off, len, change = -1;

	if (dm_range_args(&dm_punch_cmd, argc, argv, &t, &off, &len, &change))
		return 0;
	if (change >= 0) {
		if (dmx_punch_hole_if(t.sid, t.hanp, t.hlen, t.token, off, len,
				change))
			dmio_fail("dmx_punch_hole_if");
	} else if (dm_punch_hole(t.sid, t.hanp, t.hlen, t.token, off, len)) {
		dmio_fail("dm_punch_hole");
	}
	dmio_target_close(&t);
	return 0;
}

static int
dm_probe_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	long long		off, len;
	dm_off_t		roff;
	dm_size_t		rlen;

	if (dm_range_args(&dm_probe_cmd, argc, argv, &t, &off, &len,
			NULL))
		return 0;
	if (dm_probe_hole(t.sid, t.hanp, t.hlen, t.token, off, len, &roff,
			&rlen))
		dmio_fail("dm_probe_hole");
	else
		printf(_("offset %lld length %llu\n"), (long long)roff,
				(unsigned long long)rlen);
	dmio_target_close(&t);
	return 0;
}

static int
dm_change_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	uint64_t		change;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_change_cmd) != EOF)
		return 0;
	if (optind != argc)
		return dmio_cmd_usage(&dm_change_cmd);
	if (dmio_target_open(&t))
		return 0;
	if (dmx_get_change(t.sid, t.hanp, t.hlen, t.token, &change))
		dmio_fail("dmx_get_change");
	else
		printf("%llu\n", (unsigned long long)change);
	dmio_target_close(&t);
	return 0;
}

static void
dm_alloc_help(void)
{
	printf(_(
"\n"
" prints what of the open file is resident (has blocks) and what is a hole,\n"
" from an offset (0) to the end of the file\n"
"\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_alloc_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_extent_t		ext[32];
	unsigned int		nelem, i, count = 0;
	long long		start = 0;
	dm_off_t		off;
	int			more;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_alloc_cmd) != EOF)
		return 0;
	if (optind < argc - 1)
		return dmio_cmd_usage(&dm_alloc_cmd);
	if (optind == argc - 1 && dmio_parse_num(_("offset"), argv[optind], &start))
		return 0;

	if (dmio_target_open(&t))
		return 0;
	off = start;
	do {
		more = dm_get_allocinfo(t.sid, t.hanp, t.hlen, t.token, &off,
				ARRAY_SIZE(ext), ext, &nelem);
		if (more < 0) {
			dmio_fail("dm_get_allocinfo");
			break;
		}
		for (i = 0; i < nelem; i++)
			printf(_("%u: offset %lld length %llu %s\n"), count++,
				(long long)ext[i].ex_offset,
				(unsigned long long)ext[i].ex_length,
				ext[i].ex_type == DM_EXTENT_RES ?
					_("resident") : _("hole"));
	} while (more > 0);
	dmio_target_close(&t);
	return 0;
}

static void
dm_state_help(void)
{
	printf(_(
"\n"
" prints whether the data of the open file are resident, partial (some are\n"
" offline) or offline; needs no privilege and wakes nobody\n"
"\n"));
}

static int
dm_state_f(
	int			argc,
	char			**argv)
{
	char			state[32];
	ssize_t			n;

	n = fgetxattr(file->fd, "system.dmapi.state", state, sizeof(state));
	if (n < 0) {
		dmio_fail("system.dmapi.state");
		return 0;
	}
	printf("%.*s\n", (int)n, state);
	return 0;
}

void
dmio_extent_init(void)
{
	dm_alloc_cmd.name = "dm_alloc";
	dm_alloc_cmd.cfunc = dm_alloc_f;
	dm_alloc_cmd.argmin = 0;
	dm_alloc_cmd.argmax = -1;
	dm_alloc_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_alloc_cmd.args = DM_TARGET_ARGS " [off]";
	dm_alloc_cmd.oneline = _("print what of the open file is resident");
	dm_alloc_cmd.help = dm_alloc_help;

	dm_change_cmd.name = "dm_change";
	dm_change_cmd.cfunc = dm_change_f;
	dm_change_cmd.argmin = 0;
	dm_change_cmd.argmax = -1;
	dm_change_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_change_cmd.args = DM_TARGET_ARGS;
	dm_change_cmd.oneline = _("print the version of the open file's data");
	dm_change_cmd.help = dm_change_help;

	dm_probe_cmd.name = "dm_probe";
	dm_probe_cmd.cfunc = dm_probe_f;
	dm_probe_cmd.argmin = 2;
	dm_probe_cmd.argmax = -1;
	dm_probe_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_probe_cmd.args = DM_TARGET_ARGS " off len";
	dm_probe_cmd.oneline = _("what dm_punch could free of the open file");
	dm_probe_cmd.help = dm_probe_help;

	dm_punch_cmd.name = "dm_punch";
	dm_punch_cmd.cfunc = dm_punch_f;
	dm_punch_cmd.argmin = 2;
	dm_punch_cmd.argmax = -1;
	dm_punch_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_punch_cmd.args = "[-c change] " DM_TARGET_ARGS " off len";
	dm_punch_cmd.oneline = _("free blocks of the open file invisibly");
	dm_punch_cmd.help = dm_punch_help;

	dm_state_cmd.name = "dm_state";
	dm_state_cmd.cfunc = dm_state_f;
	dm_state_cmd.argmin = 0;
	dm_state_cmd.argmax = 0;
	dm_state_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_state_cmd.oneline = _("is the open file's data resident or offline");
	dm_state_cmd.help = dm_state_help;

	add_command(&dm_alloc_cmd);
	add_command(&dm_change_cmd);
	add_command(&dm_probe_cmd);
	add_command(&dm_punch_cmd);
	add_command(&dm_state_cmd);
}
