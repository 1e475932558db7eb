// SPDX-License-Identifier: GPL-2.0
/*
 * Data of the open file, past events and the guard
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

#define CHUNK	(1 << 20)	/* bytes of a call */

static cmdinfo_t dm_dioinfo_cmd;
static cmdinfo_t dm_read_cmd;
static cmdinfo_t dm_stage_cmd;
static cmdinfo_t dm_sync_cmd;
static cmdinfo_t dm_write_cmd;

static void
dm_read_help(void)
{
	printf(_(
"\n"
" reads a range of the open file as a DM application does: without an event, and\n"
" what has no blocks as zeros, also where it is offline\n"
"\n"
" -o path   -- into this file, which is made or cut to nothing\n"
DM_TARGET_HELP
"\n"
" Without -o how many bytes there are is all that is printed.\n"
"\n"));
}

/* The whole of it */
static int
dm_write_all(
	int			fd,
	const char		*buf,
	size_t			len)
{
	ssize_t			n;

	for (; len; buf += n, len -= n) {
		n = write(fd, buf, len);
		if (n < 0)
			return -1;
	}
	return 0;
}

static int
dm_read_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	const char		*path = NULL;
	long long		off, len, done = 0;
	char			*buf = NULL;
	ssize_t			n;
	int			fd = -1, c;

	while ((c = dmio_target_getopt(argc, argv, "o:" DM_TARGET_OPTS, &t,
			&dm_read_cmd)) != EOF) {
		if (c != 'o')
			return 0;
		path = optarg;
	}
	if (optind != argc - 2)
		return dmio_cmd_usage(&dm_read_cmd);
	if (dmio_parse_range(argv + optind, &off, &len) || dmio_target_open(&t))
		return 0;
	buf = malloc(CHUNK);
	if (!buf) {
		dmio_fail("malloc");
		goto out;
	}
	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0) {
			dmio_fail(path);
			goto out;
		}
	}
	while (done < len) {
		n = dm_read_invis(t.sid, t.hanp, t.hlen, t.token, off + done,
				min(len - done, CHUNK), buf);
		if (n < 0)
			dmio_fail("dm_read_invis");
		if (n <= 0)
			break;
		if (path && dm_write_all(fd, buf, n)) {
			dmio_fail(path);
			break;
		}
		done += n;
	}
	printf(_("read %lld/%lld bytes at offset %lld\n"), done, len, off);
out:
	if (fd >= 0 && close(fd))
		dmio_fail(path);
	free(buf);
	dmio_target_close(&t);
	return 0;
}

static void
dm_write_help(void)
{
	printf(_(
"\n"
" writes a range of the open file as a DM application does: without an event or\n"
" a new time stamp, also where it is offline, which it stays until dm_region\n"
" resident says that it is data again\n"
"\n"
" -i path   -- what this file has from its begin on, not a pattern\n"
" -S seed   -- the byte that the pattern is made of (0xcd)\n"
" -w        -- be on disk before it returns\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_write_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	const char		*path = NULL;
	long long		off, len, seed = 0xcd, done = 0;
	char			*buf = NULL;
	ssize_t			n;
	int			flags = 0, fd = -1, c;

	while ((c = dmio_target_getopt(argc, argv, "i:S:w" DM_TARGET_OPTS, &t,
			&dm_write_cmd)) != EOF) {
		switch (c) {
		case 'i':
			path = optarg;
			break;
		case 'S':
			if (dmio_parse_num(_("seed"), optarg, &seed))
				return 0;
			break;
		case 'w':
			flags = DM_WRITE_SYNC;
			break;
		default:
			return 0;
		}
	}
	if (optind != argc - 2)
		return dmio_cmd_usage(&dm_write_cmd);
	if (dmio_parse_range(argv + optind, &off, &len) || dmio_target_open(&t))
		return 0;
	buf = malloc(CHUNK);
	if (!buf) {
		dmio_fail("malloc");
		goto out;
	}
	memset(buf, seed, CHUNK);
	if (path) {
		fd = open(path, O_RDONLY);
		if (fd < 0) {
			dmio_fail(path);
			goto out;
		}
	}
	while (done < len) {
		n = min(len - done, CHUNK);
		if (path) {
			n = pread(fd, buf, n, done);
			if (n < 0)
				dmio_fail(path);
			if (n <= 0)
				break;
		}
		n = dm_write_invis(t.sid, t.hanp, t.hlen, t.token, flags,
				off + done, n, buf);
		if (n < 0)
			dmio_fail("dm_write_invis");
		if (n <= 0)
			break;
		done += n;
	}
	printf(_("wrote %lld/%lld bytes at offset %lld\n"), done, len, off);
out:
	if (fd >= 0)
		close(fd);
	free(buf);
	dmio_target_close(&t);
	return 0;
}

static void
dm_stage_help(void)
{
	printf(_(
"\n"
" brings an offline range of the open file back without a copy: the blocks that\n"
" another file of the same file system has become those of the range\n"
"\n"
" PATH STAGE_OFFSET OFFSET LENGTH -- that file, where its data begins, the range\n"
"\n"
" -c change -- only if the data is still what dm_change gave this number\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_stage_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	long long		stage_off, off, len, change = 0;
	int			fd, c;

	while ((c = dmio_target_getopt(argc, argv, "c:" DM_TARGET_OPTS, &t,
			&dm_stage_cmd)) != EOF) {
		if (c != 'c' || dmio_parse_num(_("change"), optarg, &change))
			return 0;
	}
	if (optind != argc - 4)
		return dmio_cmd_usage(&dm_stage_cmd);
	argv += optind;
	if (dmio_parse_num(_("offset"), argv[1], &stage_off) ||
	    dmio_parse_range(argv + 2, &off, &len))
		return 0;
	fd = open(argv[0], O_RDWR);
	if (fd < 0) {
		dmio_fail(argv[0]);
		return 0;
	}
	if (!dmio_target_open(&t)) {
		if (dmx_stage(t.sid, t.hanp, t.hlen, t.token, fd, stage_off,
				off, len, change))
			dmio_fail("dmx_stage");
		dmio_target_close(&t);
	}
	close(fd);
	return 0;
}

static void
dm_sync_help(void)
{
	printf(_(
"\n"
" writes what is dirty of the open file to disk, and DM attributes, event lists\n"
" and regions with it\n"
"\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_sync_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_sync_cmd) != EOF)
		return 0;
	if (optind != argc)
		return dmio_cmd_usage(&dm_sync_cmd);
	if (dmio_target_open(&t))
		return 0;
	if (dm_sync_by_handle(t.sid, t.hanp, t.hlen, t.token))
		dmio_fail("dm_sync_by_handle");
	dmio_target_close(&t);
	return 0;
}

static void
dm_dioinfo_help(void)
{
	printf(_(
"\n"
" prints what direct I/O of the open file has to be aligned to, in bytes\n"
"\n"
" -j        -- a line of JSON\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_dioinfo_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_dioinfo_t		dio;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "j" DM_TARGET_OPTS, &t,
			&dm_dioinfo_cmd)) != EOF) {
		if (c != 'j')
			return 0;
		o.json = true;
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_dioinfo_cmd);
	if (dmio_target_open(&t))
		return 0;
	if (dm_get_dioinfo(t.sid, t.hanp, t.hlen, t.token, &dio)) {
		dmio_fail("dm_get_dioinfo");
	} else {
		dmio_out_begin(&o);
		dmio_out_num(&o, "memory", dio.d_mem);
		dmio_out_num(&o, "minimum", dio.d_miniosz);
		dmio_out_num(&o, "maximum", dio.d_maxiosz);
		dmio_out_num(&o, "direct_only", dio.d_dio_only);
		dmio_out_end(&o);
	}
	dmio_target_close(&t);
	return 0;
}

void
dmio_data_init(void)
{
	dmio_add(&dm_dioinfo_cmd, "dm_dioinfo", dm_dioinfo_f, DM_FILE,
		"[-j] " DM_TARGET_ARGS,
		_("alignment of direct I/O of the open file"), dm_dioinfo_help);
	dmio_add(&dm_read_cmd, "dm_read", dm_read_f, DM_FILE,
		"[-o path] " DM_TARGET_ARGS " offset length",
		_("read the open file without an event"), dm_read_help);
	dmio_add(&dm_stage_cmd, "dm_stage", dm_stage_f, DM_FILE,
		"[-c change] " DM_TARGET_ARGS " path stage_offset offset length",
		_("bring a range back by blocks of another file"), dm_stage_help);
	dmio_add(&dm_sync_cmd, "dm_sync", dm_sync_f, DM_FILE, DM_TARGET_ARGS,
		_("write the open file to disk"), dm_sync_help);
	dmio_add(&dm_write_cmd, "dm_write", dm_write_f, DM_FILE,
		"[-w] [-i path] [-S seed] " DM_TARGET_ARGS " offset length",
		_("write the open file without an event"), dm_write_help);
}
