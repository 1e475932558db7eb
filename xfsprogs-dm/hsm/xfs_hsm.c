// SPDX-License-Identifier: GPL-2.0-only
/*
 * xfs_hsm - hierarchical storage management for XFS with the DM interface
 *
 *	xfs_hsm migrate -a ARCHIVE FILE...	data to the archive, blocks free
 *	xfs_hsm daemon -a ARCHIVE MOUNTPOINT...	bring back what somebody touches
 *	xfs_hsm recall -a ARCHIVE FILE...	bring back all of it
 *	xfs_hsm release -a ARCHIVE FILE...	free again what was brought back
 *	xfs_hsm verify -a ARCHIVE FILE...	is the copy sound
 *	xfs_hsm status FILE...			what is where
 *	xfs_hsm manage MOUNTPOINT...		managed whatever the mount options
 *	xfs_hsm unmanage MOUNTPOINT...		no longer
 *	xfs_hsm list-state MOUNTPOINT...	everything that has DM state
 *	xfs_hsm leave MOUNTPOINT...		and nothing has any more
 *
 * This file reads the command line; hsm.h is the map of the others.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "hsm.h"

struct command {
	const char	*name;
	const char	*args;
	const char	*options;	/* the letters that it takes */
	int		(*per_file)(struct options *o, const char *path);
	bool		archive;	/* needs one */
	bool		create;		/* an empty directory becomes one */
	const char	*what;
};

enum { OPT_STUB = 's', OPT_NAME = 'n', OPT_READY = 'r', OPT_DELAY = 'D',
       OPT_COMPARE = 'c', OPT_KEEP = 'k', OPT_JSON = 'J',
       OPT_RECALL = 'R', OPT_DRY_RUN = 'N', OPT_ATTRIBUTES = 'A' };

static const struct command commands[] = {
	{ "daemon", "MOUNTPOINT...", "aqjnrD", NULL, true, true,
	  "serve whoever touches offline data, until SIGTERM" },
	{ "migrate", "FILE...", "aqJsck", migrate_file, true, true,
	  "copy files to the archive and punch them" },
	{ "recall", "FILE...", "aqJ", recall_file, true, false,
	  "bring all of the data back" },
	{ "release", "FILE...", "aqJsc", release_file, true, false,
	  "punch recalled files again, if they were not changed" },
	{ "verify", "FILE...", "aqJ", verify_file, true, false,
	  "read the archived copies and compare" },
	{ "status", "FILE...", "J", status_file, false, false,
	  "show where the data of files is" },
	{ "manage", "MOUNTPOINT...", "q", manage_fs, false, false,
	  "mark file systems: managed without a mount option" },
	{ "unmanage", "MOUNTPOINT...", "q", unmanage_fs, false, false,
	  "take that mark away" },
	{ "list-state", "MOUNTPOINT...", "J", list_state_fs, false, false,
	  "list every file with offline data or other DM state" },
	{ "leave", "MOUNTPOINT...", "aqRNA", leave_fs, false, false,
	  "take all DM state away, if nothing is offline" },
};

static const struct option long_options[] = {
	{ "archive",	required_argument, NULL, 'a' },
	{ "quiet",	no_argument,	   NULL, 'q' },
	{ "json",	no_argument,	   NULL, OPT_JSON },
	{ "workers",	required_argument, NULL, 'j' },
	{ "name",	required_argument, NULL, OPT_NAME },
	{ "ready-file",	required_argument, NULL, OPT_READY },
	{ "stub-bytes",	required_argument, NULL, OPT_STUB },
	{ "compare",	no_argument,	   NULL, OPT_COMPARE },
	{ "keep",	no_argument,	   NULL, OPT_KEEP },
	{ "recall",	no_argument,	   NULL, OPT_RECALL },
	{ "dry-run",	no_argument,	   NULL, OPT_DRY_RUN },
	{ "attributes",	no_argument,	   NULL, OPT_ATTRIBUTES },
	/* For tests: wait so long before each answer. */
	{ "delay-ms",	required_argument, NULL, OPT_DELAY },
	{ "help",	no_argument,	   NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* For who asked, or said nothing at all. */
static int usage(FILE *out)
{
	fprintf(out, "usage:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  xfs_hsm %-10s %s%s\n%22s%s\n", commands[i].name,
			commands[i].archive ? "-a ARCHIVE [options] " :
			"[options] ", commands[i].args, "", commands[i].what);
	fprintf(out,
		"options:\n"
		"  -a, --archive DIR    the archive (or XFS_HSM_ARCHIVE)\n"
		"  -q, --quiet          say only what went wrong\n"
		"      --json           one JSON object a file on standard output\n"
		"      --stub-bytes N   migrate, release: leave the first N bytes on disk\n"
		"      --keep           migrate: archive only, punch nothing\n"
		"      --compare        migrate, release: compare data, trust no time stamp\n"
		"      --recall         leave: bring back first what is offline\n"
		"      --attributes     leave: take DM attributes away, too\n"
		"      --dry-run        leave: say what would be done\n"
		"  -j, --workers N      daemon: recalls at a time (4)\n"
		"      --name NAME      daemon: whose session to go on with (default)\n"
		"      --ready-file F   daemon: written when it is ready, gone when it ends\n"
		"See xfs_hsm(8).\n");
	return out == stdout ? EXIT_SUCCESS : 2;
}

static int try_help(void)
{
	fprintf(stderr, "Try xfs_hsm --help.\n");
	return 2;
}

static int bad(const char *option, const char *value)
{
	complain("--%s: %s is no good", option, value);
	return -1;
}

/* A number, with K, M, G or T for powers of 1024. */
static int parse_size(const char *option, const char *s, uint64_t max,
		      uint64_t *value)
{
	static const char units[] = "KMGT";
	unsigned long long x;
	const char *unit;
	char *end;

	errno = 0;
	x = strtoull(s, &end, 10);
	if (errno || end == s || *s == '-')
		return bad(option, s);
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return bad(option, s);
	for (ptrdiff_t i = unit ? unit - units + 1 : 0; i > 0; i--) {
		if (x > max / 1024)
			return bad(option, s);
		x *= 1024;
	}
	if (x > max)
		return bad(option, s);
	*value = x;
	return 0;
}

static int parse_name(const char *s, struct options *o)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (!*s || strlen(s) > 64 || strspn(s, good) != strlen(s))
		return bad("name", s);
	o->name = s;
	return 0;
}

static int parse_option(int c, struct options *o, const char **archive)
{
	uint64_t n = 0;

	switch (c) {
	case 'a':
		*archive = optarg;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_COMPARE:
		o->compare = true;
		return 0;
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_RECALL:
		o->recall = true;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	case OPT_ATTRIBUTES:
		o->attributes = true;
		return 0;
	case OPT_READY:
		o->ready_file = optarg;
		return 0;
	case OPT_NAME:
		return parse_name(optarg, o);
	case OPT_STUB:
		return parse_size("stub-bytes", optarg, INT64_MAX, &o->stub);
	case 'j':
		if (parse_size("workers", optarg, 1024, &n) < 0)
			return -1;
		o->workers = (unsigned int)n;
		return n ? 0 : bad("workers", optarg);
	case OPT_DELAY:
		if (parse_size("delay-ms", optarg, 1000000, &n) < 0)
			return -1;
		o->delay_ms = (unsigned int)n;
		return 0;
	default:
		return -1;
	}
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int run_files(const struct command *cmd, struct options *o,
		     char **files, int n)
{
	int failed = 0;

	catch_interrupts();
	if (session_begin(cmd->name, &o->sid) < 0)
		return -1;
	for (int i = 0; i < n && !interrupted; i++)
		if (cmd->per_file(o, files[i]) < 0)
			failed = -1;
	session_end(o->sid);
	return interrupted ? -1 : failed;
}

int main(int argc, char **argv)
{
	struct options o = {
		.archive = { .dirfd = -1 },
		.name = "default",
		.workers = 4,
	};
	const char *archive = getenv("XFS_HSM_ARCHIVE");
	const struct command *cmd;
	bool needs;
	int c, ret;

	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return usage(stdout);
	cmd = find_command(argv[1]);
	if (!cmd) {
		complain("no command is named %s", argv[1]);
		return try_help();
	}
	argc--;
	argv++;
	while ((c = getopt_long(argc, argv, "a:qj:h", long_options, NULL)) >= 0) {
		if (c == 'h')
			return usage(stdout);
		if (c == '?')
			return try_help();
		if (!strchr(cmd->options, c)) {
			complain("%s does not take that option", cmd->name);
			return try_help();
		}
		if (parse_option(c, &o, &archive) < 0)
			return 2;
	}
	if (optind == argc) {
		complain("%s: %s is missing", cmd->name, cmd->args);
		return try_help();
	}
	needs = cmd->archive || o.recall;
	if (needs && (!archive || !*archive)) {
		complain("%s: which archive? Use -a or XFS_HSM_ARCHIVE",
			 cmd->name);
		return 2;
	}
	if (!crc32c_works()) {
		complain("the checksum is miscompiled");
		return EXIT_FAILURE;
	}
	if (needs && archive_open(&o.archive, archive, cmd->create) < 0)
		return EXIT_FAILURE;
	o.mounts = argv + optind;
	o.nmounts = argc - optind;
	if (cmd->per_file)
		ret = run_files(cmd, &o, argv + optind, argc - optind);
	else
		ret = daemon_run(&o);
	archive_close(&o.archive);
	if (fflush(stdout) || ferror(stdout)) {
		complain("standard output: %m");
		ret = -1;
	}
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
