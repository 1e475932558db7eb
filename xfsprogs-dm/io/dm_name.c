// SPDX-License-Identifier: GPL-2.0
/*
 * Handles and names: to open, to find and to make by handle
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_make_cmd;
static cmdinfo_t dm_open_cmd;
static cmdinfo_t dm_path_cmd;

static void
dm_open_help(void)
{
	printf(_(
"\n"
" opens the file with this handle, which becomes the open file\n"
"\n"
" -r        -- for reading alone\n"
"\n"
" It is open as if by its name: to read what is offline recalls it.\n"
"\n"));
}

static int
dm_open_f(
	int			argc,
	char			**argv)
{
	struct xfs_fsop_geom	geom = { };
	struct fs_path		fsp = { };
	struct stat		st, here;
	void			*hanp = NULL;
	size_t			hlen = 0;
	int			flags = 0;
	int			fd, c;

	while ((c = getopt(argc, argv, "r")) != EOF) {
		if (c != 'r')
			return dmio_cmd_usage(&dm_open_cmd);
		flags |= IO_READONLY;
	}
	if (optind != argc - 1)
		return dmio_cmd_usage(&dm_open_cmd);
	if (dmio_parse_handle(argv[optind], &hanp, &hlen))
		return 0;
	if (dmio_service())
		goto out;
	fd = dm_open_by_handle(hanp, hlen, flags ? O_RDONLY : O_RDWR);
	if (fd < 0 && errno == EISDIR) {
		flags |= IO_READONLY;
		fd = dm_open_by_handle(hanp, hlen, O_RDONLY);
	}
	if (fd < 0 || fstat(fd, &st)) {
		dmio_fail("dm_open_by_handle");
		goto out;
	}
	/* What is known of its file system */
	if (fstat(file->fd, &here) == 0 && here.st_dev == st.st_dev) {
		geom = file->geom;
		fsp = file->fs_path;
	}
	if (addfile(argv[optind], fd, &geom, flags, &fsp))
		exitcode = 1;
out:
	dm_handle_free(hanp, hlen);
	return 0;
}

static void
dm_path_help(void)
{
	printf(_(
"\n"
" prints the path of the open directory, or of an object in a directory\n"
"\n"
" -D handle -- the directory that the object is in\n"
" -H handle -- of the object with this handle, not of the open file\n"
"\n"
" Of a file without -D nothing is known but its handle.\n"
"\n"));
}

static int
dm_path_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	void			*dirhanp = NULL;
	size_t			dirhlen = 0, len = 4096;
	char			*path = NULL;
	int			c;

	while ((c = getopt(argc, argv, "D:H:")) != EOF) {
		switch (c) {
		case 'D':
			if (dmio_parse_handle(optarg, &dirhanp, &dirhlen))
				return 0;
			break;
		case 'H':
			if (dmio_parse_handle(optarg, &t.hanp, &t.hlen))
				return 0;
			break;
		default:
			return dmio_cmd_usage(&dm_path_cmd);
		}
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_path_cmd);
	if (dmio_target_open(&t))
		goto out;
	path = malloc(len);
	while (path && dm_handle_to_path(dirhanp ? dirhanp : t.hanp,
				dirhanp ? dirhlen : t.hlen, t.hanp, t.hlen,
				len, path, &len)) {
		free(path);
		path = NULL;
		if (errno != E2BIG) {
			dmio_fail("dm_handle_to_path");
			goto close;
		}
		path = malloc(len);
	}
	if (path)
		printf("%s\n", path);
	else
		dmio_fail("malloc");
close:
	dmio_target_close(&t);
out:
	free(path);
	dm_handle_free(dirhanp, dirhlen);
	return 0;
}

static void
dm_make_help(void)
{
	printf(_(
"\n"
" makes an object in the open directory that has the handle which it had once:\n"
" its inode number has to be free\n"
"\n"
" file HANDLE NAME\n"
" dir HANDLE NAME\n"
" symlink HANDLE NAME TARGET\n"
"\n"
" -H handle -- in the directory with this handle, not in the open one\n"
" -s sid    -- in this session, not in one made for the command\n"
" -t token  -- with this token of that session\n"
"\n"));
}

static int
dm_make_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	void			*hanp = NULL;
	size_t			hlen = 0;
	int			nargs;

	if (dmio_target_getopt(argc, argv, DM_TARGET_OPTS, &t, &dm_make_cmd) != EOF)
		return 0;
	argv += optind;
	nargs = argc - optind;
	if (!((nargs == 3 && (!strcmp(argv[0], "file") || !strcmp(argv[0], "dir"))) ||
	      (nargs == 4 && !strcmp(argv[0], "symlink"))))
		return dmio_cmd_usage(&dm_make_cmd);
	if (dmio_parse_handle(argv[1], &hanp, &hlen))
		return 0;
	if (dmio_target_open(&t))
		goto out;
	switch (*argv[0]) {
	case 'f':
		if (dm_create_by_handle(t.sid, t.hanp, t.hlen, t.token, hanp,
				hlen, argv[2]))
			dmio_fail("dm_create_by_handle");
		break;
	case 'd':
		if (dm_mkdir_by_handle(t.sid, t.hanp, t.hlen, t.token, hanp,
				hlen, argv[2]))
			dmio_fail("dm_mkdir_by_handle");
		break;
	case 's':
		if (dm_symlink_by_handle(t.sid, t.hanp, t.hlen, t.token, hanp,
				hlen, argv[2], argv[3]))
			dmio_fail("dm_symlink_by_handle");
		break;
	}
	dmio_target_close(&t);
out:
	dm_handle_free(hanp, hlen);
	return 0;
}

void
dmio_name_init(void)
{
	dmio_add(&dm_make_cmd, "dm_make", dm_make_f, DM_FILE,
		DM_TARGET_ARGS " file|dir|symlink handle name [target]",
		_("make an object with a handle in the open directory"),
		dm_make_help);
	dmio_add(&dm_open_cmd, "dm_open", dm_open_f, DM_FILE | CMD_FLAG_ONESHOT,
		"[-r] handle", _("open a file by its DM handle"), dm_open_help);
	dmio_add(&dm_path_cmd, "dm_path", dm_path_f, DM_FILE,
		"[-D handle] [-H handle]",
		_("a path of the open file"), dm_path_help);
}
