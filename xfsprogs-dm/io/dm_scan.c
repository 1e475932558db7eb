// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of objects: of the open file, of those in a directory, of all
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_bulk_cmd;
static cmdinfo_t dm_dir_cmd;
static cmdinfo_t dm_set_cmd;
static cmdinfo_t dm_stat_cmd;

#define DM_AT_ALL	(DM_AT_HANDLE | DM_AT_EMASK | DM_AT_PMANR | \
			 DM_AT_PATTR | DM_AT_DTIME | DM_AT_CFLAG | DM_AT_STAT)

static void
dm_stat_help(void)
{
	printf(_(
"\n"
" prints what DM applications are told of the open file\n"
"\n"
" -j        -- a line of JSON\n"
DM_TARGET_HELP
"\n"
" Times are seconds since 1970, size is in bytes, blocks are of 512 bytes.\n"
"\n"));
}

static void
dm_stat_print(
	struct dm_out		*o,
	dm_stat_t		*st)
{
	char			mode[16];

	if (DM_GET_LEN(st, dt_handle))
		dmio_out_bytes(o, "handle", DM_GET_VALUE(st, dt_handle, void *),
				DM_GET_LEN(st, dt_handle));
	if (DM_GET_LEN(st, dt_compname))
		dmio_out_text(o, "name", DM_GET_VALUE(st, dt_compname, void *),
				strnlen(DM_GET_VALUE(st, dt_compname, char *),
					DM_GET_LEN(st, dt_compname)));
	dmio_out_num(o, "ino", st->dt_ino);
	dmio_out_num(o, "generation", st->dt_xfs_igen);
	snprintf(mode, sizeof(mode), "%06o", st->dt_mode);
	dmio_out_word(o, "mode", mode);
	dmio_out_num(o, "nlink", st->dt_nlink);
	dmio_out_num(o, "uid", st->dt_uid);
	dmio_out_num(o, "gid", st->dt_gid);
	dmio_out_num(o, "size", st->dt_size);
	dmio_out_num(o, "blocks", st->dt_blocks);
	dmio_out_num(o, "atime", st->dt_atime);
	dmio_out_num(o, "mtime", st->dt_mtime);
	dmio_out_num(o, "ctime", st->dt_ctime);
	dmio_out_num(o, "dtime", st->dt_dtime);
	dmio_out_num(o, "change", st->dt_change);
	dmio_out_events(o, "events", st->dt_emask);
	dmio_out_num(o, "regions", st->dt_pmanreg);
	dmio_out_num(o, "attributes", st->dt_pers);
}

static int
dm_stat_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_stat_t		st;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "j" DM_TARGET_OPTS, &t,
			&dm_stat_cmd)) != EOF) {
		if (c != 'j')
			return 0;
		o.json = true;
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_stat_cmd);
	if (dmio_target_open(&t))
		return 0;
	memset(&st, 0, sizeof(st));
	if (dm_get_fileattr(t.sid, t.hanp, t.hlen, t.token,
			DM_AT_ALL & ~DM_AT_HANDLE, &st)) {
		dmio_fail("dm_get_fileattr");
	} else {
		dmio_out_begin(&o);
		dm_stat_print(&o, &st);
		dmio_out_end(&o);
	}
	dmio_target_close(&t);
	return 0;
}

static void
dm_set_help(void)
{
	printf(_(
"\n"
" changes attributes of the open file as a DM application may, without an event\n"
"\n"
" KEY=NUMBER -- mode (octal), uid, gid, atime, mtime, ctime, dtime (seconds since\n"
"               1970) or size (bytes); several together are one change\n"
"\n"
DM_TARGET_HELP
"\n"
" Example:\n"
" 'dm_set mtime=1000000000 ctime=1000000000'\n"
"\n"));
}

/* KEY=NUMBER */
static int
dm_set_parse(
	char			*text,
	unsigned int		*maskp,
	dm_fileattr_t		*fa)
{
	char			*value = strchr(text, '='), *end;
	long long		num;

	if (value) {
		*value++ = 0;
		errno = 0;
		num = strtoll(value, &end, strcmp(text, "mode") ? 10 : 8);
	}
	if (!value || errno || end == value || *end) {
		fprintf(stderr, _("bad attribute -- %s%s%s\n"), text,
			value ? "=" : "", value ? value : "");
		exitcode = 1;
		return -1;
	}
	if (strcmp(text, "mode") == 0) {
		*maskp |= DM_AT_MODE;
		fa->fa_mode = num;
	} else if (strcmp(text, "uid") == 0) {
		*maskp |= DM_AT_UID;
		fa->fa_uid = num;
	} else if (strcmp(text, "gid") == 0) {
		*maskp |= DM_AT_GID;
		fa->fa_gid = num;
	} else if (strcmp(text, "atime") == 0) {
		*maskp |= DM_AT_ATIME;
		fa->fa_atime = num;
	} else if (strcmp(text, "mtime") == 0) {
		*maskp |= DM_AT_MTIME;
		fa->fa_mtime = num;
	} else if (strcmp(text, "ctime") == 0) {
		*maskp |= DM_AT_CTIME;
		fa->fa_ctime = num;
	} else if (strcmp(text, "dtime") == 0) {
		*maskp |= DM_AT_DTIME;
		fa->fa_dtime = num;
	} else if (strcmp(text, "size") == 0) {
		*maskp |= DM_AT_SIZE;
		fa->fa_size = num;
	} else {
		fprintf(stderr, _("bad attribute -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	return 0;
}

static int
dm_set_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_fileattr_t		fa = { };
	unsigned int		mask = 0;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_set_cmd) != EOF)
		return 0;
	if (optind == argc)
		return dmio_cmd_usage(&dm_set_cmd);
	for (; optind < argc; optind++)
		if (dm_set_parse(argv[optind], &mask, &fa))
			return 0;
	if (dmio_target_open(&t))
		return 0;
	if (dm_set_fileattr(t.sid, t.hanp, t.hlen, t.token, mask, &fa))
		dmio_fail("dm_set_fileattr");
	dmio_target_close(&t);
	return 0;
}

/* Which scan, and of what */
struct dm_scan {
	struct dm_target	t;
	struct dm_out		out;
	dm_attrname_t		*name;	/* dm_get_bulkall() */
	bool			dir;
};

static int
dm_scan_next(
	struct dm_scan		*s,
	dm_attrloc_t		*loc,
	size_t			size,
	void			*buf,
	size_t			*lenp)
{
	struct dm_target	*t = &s->t;

	if (s->dir)
		return dm_get_dirattrs(t->sid, t->hanp, t->hlen, t->token,
				DM_AT_ALL, loc, size, buf, lenp);
	if (s->name)
		return dm_get_bulkall(t->sid, t->hanp, t->hlen, t->token,
				DM_AT_ALL, s->name, loc, size, buf, lenp);
	return dm_get_bulkattr(t->sid, t->hanp, t->hlen, t->token, DM_AT_ALL,
			loc, size, buf, lenp);
}

/* A dm_xstat begins with a dm_stat, and one link leads to the next of both. */
static void
dm_scan_print(
	struct dm_scan		*s,
	dm_stat_t		*st)
{
	dm_xstat_t		*xs = (dm_xstat_t *)st;

	dmio_out_begin(&s->out);
	dm_stat_print(&s->out, st);
	if (s->name && DM_GET_LEN(xs, dx_attrdata))
		dmio_out_text(&s->out, "value",
				DM_GET_VALUE(xs, dx_attrdata, void *),
				DM_GET_LEN(xs, dx_attrdata));
	dmio_out_end(&s->out);
}

static void
dm_scan_run(
	struct dm_scan		*s)
{
	struct dm_target	*t = &s->t;
	const size_t		size = 256 << 10;
	dm_attrloc_t		loc;
	dm_stat_t		*st;
	void			*buf;
	size_t			len;
	int			more;

	buf = malloc(size);
	if (!buf) {
		dmio_fail("malloc");
		return;
	}
	if (dm_init_attrloc(t->sid, t->hanp, t->hlen, t->token, &loc)) {
		dmio_fail("dm_init_attrloc");
		goto out;
	}
	do {
		more = dm_scan_next(s, &loc, size, buf, &len);
		if (more < 0) {
			dmio_fail(s->dir ? "dm_get_dirattrs" :
				  s->name ? "dm_get_bulkall" :
					    "dm_get_bulkattr");
			/* The position has passed an inode that is damaged. */
			if (errno == EUCLEAN) {
				more = 1;
				continue;
			}
			break;
		}
		for (st = len ? buf : NULL; st;
		     st = DM_STEP_TO_NEXT(st, dm_stat_t *))
			dm_scan_print(s, st);
	} while (more > 0);
out:
	free(buf);
}

static void
dm_bulk_help(void)
{
	printf(_(
"\n"
" prints what DM applications are told of every object in the file system of the\n"
" open file, a line each, as dm_stat does, and its handle\n"
"\n"
" -a name   -- the value of this DM attribute as well\n"
" -j        -- lines of JSON\n"
DM_TARGET_HELP
"\n"));
}

static void
dm_dir_help(void)
{
	printf(_(
"\n"
" prints what DM applications are told of every object in the open directory, a\n"
" line each, as dm_stat does, with its name and its handle\n"
"\n"
" -j        -- lines of JSON\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_scan(
	int			argc,
	char			**argv,
	bool			dir)
{
	const cmdinfo_t		*cmd = dir ? &dm_dir_cmd : &dm_bulk_cmd;
	struct dm_scan		s = { .t = DM_TARGET_INIT, .dir = dir };
	dm_attrname_t		name;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, dir ? "j" DM_TARGET_OPTS :
			"a:j" DM_TARGET_OPTS, &s.t, cmd)) != EOF) {
		switch (c) {
		case 'a':
			if (dmio_parse_attrname(optarg, &name))
				return 0;
			s.name = &name;
			break;
		case 'j':
			s.out.json = true;
			break;
		default:
			return 0;
		}
	}
	if (optind != argc)
		return dmio_cmd_usage(cmd);
	if (dir ? dmio_target_open(&s.t) : dmio_target_open_fs(&s.t))
		return 0;
	dm_scan_run(&s);
	dmio_target_close(&s.t);
	return 0;
}

static int
dm_bulk_f(
	int			argc,
	char			**argv)
{
	return dm_scan(argc, argv, false);
}

static int
dm_dir_f(
	int			argc,
	char			**argv)
{
	return dm_scan(argc, argv, true);
}

void
dmio_scan_init(void)
{
	dmio_add(&dm_bulk_cmd, "dm_bulk", dm_bulk_f, DM_FILE,
		"[-j] [-a name] " DM_TARGET_ARGS,
		_("DM attributes of all objects in the file system"),
		dm_bulk_help);
	dmio_add(&dm_dir_cmd, "dm_dir", dm_dir_f, DM_FILE,
		"[-j] " DM_TARGET_ARGS,
		_("DM attributes of the objects in the open directory"),
		dm_dir_help);
	dmio_add(&dm_set_cmd, "dm_set", dm_set_f, DM_FILE,
		DM_TARGET_ARGS " key=number...",
		_("change attributes of the open file without an event"),
		dm_set_help);
	dmio_add(&dm_stat_cmd, "dm_stat", dm_stat_f, DM_FILE,
		"[-j] " DM_TARGET_ARGS,
		_("what DM applications are told of the open file"),
		dm_stat_help);
}
