// SPDX-License-Identifier: GPL-2.0
/*
 * Data management: the XDSM interface (DMAPI) from the command line
 *
 * What a DM application does in one of its calls, a command does to the open
 * file.  Every call wants a session; unless one is named with -s, a command
 * makes its own and destroys it before it returns.
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include <dmapi.h>
#include <dmapi_ext.h>

#define SESSION_NAME	"xfs_io"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#endif

static cmdinfo_t dm_alloc_cmd;
static cmdinfo_t dm_attr_cmd;
static cmdinfo_t dm_create_cmd;
static cmdinfo_t dm_destroy_cmd;
static cmdinfo_t dm_handle_cmd;
static cmdinfo_t dm_probe_cmd;
static cmdinfo_t dm_punch_cmd;
static cmdinfo_t dm_region_cmd;
static cmdinfo_t dm_sessions_cmd;

/* What a command works on */
struct dm_target {
	dm_sessid_t	sid;
	bool		own_session;
	dm_token_t	token;
	void		*hanp;
	size_t		hlen;
};

#define DM_TARGET_INIT	{ .token = DM_NO_TOKEN }

static int
dm_fail(
	const char		*what)
{
	perror(what);
	exitcode = 1;
	return -1;
}

static int
dm_service(void)
{
	char			*version;

	if (dm_init_service(&version))
		return dm_fail("dm_init_service");
	return 0;
}

static int
dm_cmd_usage(
	const cmdinfo_t		*cmd)
{
	exitcode = 1;
	return command_usage(cmd);
}

/* A session id or a token: a positive number */
static int
dm_parse_id(
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

/* -s and -t, which all commands that work on the open file have */
static int
dm_target_option(
	struct dm_target	*t,
	int			c)
{
	if (c == 's')
		return dm_parse_id(_("session"), optarg, &t->sid);
	return dm_parse_id(_("token"), optarg, &t->token);
}

static int
dm_target_open(
	struct dm_target	*t)
{
	if (t->token != DM_NO_TOKEN && t->sid == DM_NO_SESSION) {
		fprintf(stderr, _("a token means nothing without its session\n"));
		exitcode = 1;
		return -1;
	}
	if (dm_service())
		return -1;
	if (dm_fd_to_handle(file->fd, &t->hanp, &t->hlen))
		return dm_fail("dm_fd_to_handle");
	if (t->sid != DM_NO_SESSION)
		return 0;
	if (dm_create_session(DM_NO_SESSION, SESSION_NAME, &t->sid)) {
		dm_fail("dm_create_session");
		dm_handle_free(t->hanp, t->hlen);
		return -1;
	}
	t->own_session = true;
	return 0;
}

static void
dm_target_close(
	struct dm_target	*t)
{
	if (t->own_session && dm_destroy_session(t->sid))
		dm_fail("dm_destroy_session");
	dm_handle_free(t->hanp, t->hlen);
}

/* Bytes, with the suffixes that other commands take */
static int
dm_parse_num(
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

static int
dm_parse_range(
	char			**argv,
	long long		*offp,
	long long		*lenp)
{
	if (dm_parse_num(_("offset"), argv[0], offp))
		return -1;
	return dm_parse_num(_("length"), argv[1], lenp);
}

static void
dm_print_bytes(
	const unsigned char	*p,
	size_t			len)
{
	while (len--)
		printf("%02x", *p++);
}

/* --- dm_handle ---------------------------------------------------------- */

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
			return dm_cmd_usage(&dm_handle_cmd);
		}
	}
	if (optind != argc)
		return dm_cmd_usage(&dm_handle_cmd);

	if (dm_service())
		return 0;
	if (dm_fd_to_handle(file->fd, &hanp, &hlen)) {
		dm_fail("dm_fd_to_handle");
		return 0;
	}
	if (fs) {
		if (dm_handle_to_fshandle(hanp, hlen, &fshanp, &fshlen)) {
			dm_fail("dm_handle_to_fshandle");
			goto out;
		}
		dm_handle_free(hanp, hlen);
		hanp = fshanp;
		hlen = fshlen;
	}

	printf("handle = ");
	dm_print_bytes(hanp, hlen);
	printf("\n");
	if (!verbose)
		goto out;
	if (dm_handle_to_fsid(hanp, hlen, &fsid))
		dm_fail("dm_handle_to_fsid");
	else
		printf("fsid = 0x%llx\n", (unsigned long long)fsid);
	if (fs)
		goto out;
	if (dm_handle_to_ino(hanp, hlen, &ino) ||
	    dm_handle_to_igen(hanp, hlen, &igen))
		dm_fail("dm_handle_to_ino");
	else
		printf("ino = %llu\ngeneration = %u\n",
				(unsigned long long)ino, igen);
out:
	dm_handle_free(hanp, hlen);
	return 0;
}

/* --- dm_region ---------------------------------------------------------- */

static void
dm_region_help(void)
{
	printf(_(
"\n"
" lists or changes the managed regions of the open file\n"
"\n"
" Without arguments, or with -l, the regions are listed in the order in which\n"
" they were set: number, offset and length in bytes (0 is without end), flags.\n"
"\n"
" set FLAGS OFFSET LENGTH ... -- these regions, and no others\n"
" clear                       -- no regions\n"
" resident OFFSET LENGTH      -- the range was recalled: disarm READ there\n"
"\n"
" FLAGS is r for READ, w for WRITE, t for TRUNCATE, any of them together, or -\n"
" for a region that raises no event.\n"
"\n"
" -s sid   -- in this session, not in one made for the command\n"
" -t token -- with this token of that session\n"
"\n"
" Example:\n"
" 'dm_region set rwt 0 0' - all events for the whole file, however it grows\n"
"\n"));
}

static const struct {
	char			letter;
	unsigned int		flag;
} dm_region_letters[] = {
	{ 'r', DM_REGION_READ },
	{ 'w', DM_REGION_WRITE },
	{ 't', DM_REGION_TRUNCATE },
};

static int
dm_parse_flags(
	const char		*text,
	unsigned int		*flagsp)
{
	const char		*p;
	int			i;

	*flagsp = DM_REGION_NOEVENT;
	if (strcmp(text, "-") == 0)
		return 0;
	for (p = text; *p; p++) {
		for (i = 0; i < ARRAY_SIZE(dm_region_letters); i++)
			if (dm_region_letters[i].letter == *p)
				break;
		if (i == ARRAY_SIZE(dm_region_letters))
			break;
		*flagsp |= dm_region_letters[i].flag;
	}
	if (p == text || *p) {
		fprintf(stderr, _("bad region flags -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	return 0;
}

static void
dm_region_list(
	struct dm_target	*t)
{
	dm_region_t		*regions = NULL;
	unsigned int		nelem = 0, i, j;

	/* Somebody else may add some in between. */
	while (dm_get_region(t->sid, t->hanp, t->hlen, t->token, nelem, regions,
				&nelem)) {
		if (errno != E2BIG) {
			dm_fail("dm_get_region");
			goto out;
		}
		free(regions);
		regions = calloc(nelem, sizeof(*regions));
		if (!regions) {
			dm_fail("calloc");
			return;
		}
	}
	for (i = 0; i < nelem; i++) {
		printf(_("%u: offset %lld length %llu "), i,
				(long long)regions[i].rg_offset,
				(unsigned long long)regions[i].rg_size);
		for (j = 0; j < ARRAY_SIZE(dm_region_letters); j++)
			if (regions[i].rg_flags & dm_region_letters[j].flag)
				printf("%c", dm_region_letters[j].letter);
		printf("%s\n", regions[i].rg_flags ? "" : "-");
	}
out:
	free(regions);
}

static void
dm_region_set(
	struct dm_target	*t,
	dm_region_t		*regions,
	unsigned int		nelem)
{
	dm_boolean_t		exact;

	if (dm_set_region(t->sid, t->hanp, t->hlen, t->token, nelem, regions,
				&exact))
		dm_fail("dm_set_region");
	else if (!exact)
		printf(_("the regions were rounded outwards\n"));
}

static int
dm_region_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_region_t		*regions = NULL;
	long long		off = 0, len = 0;
	unsigned int		nelem = 0, i;
	const char		*what = "list";
	int			nargs = 0;
	bool			list = false;
	int			c;

	while ((c = getopt(argc, argv, "ls:t:")) != EOF) {
		switch (c) {
		case 'l':
			list = true;
			break;
		case 's':
		case 't':
			if (dm_target_option(&t, c))
				return 0;
			break;
		default:
			return dm_cmd_usage(&dm_region_cmd);
		}
	}
	argv += optind;
	if (optind < argc) {
		what = *argv++;
		nargs = argc - optind - 1;
		if (list)
			return dm_cmd_usage(&dm_region_cmd);
	}

	if (strcmp(what, "set") == 0 && nargs > 0 && nargs % 3 == 0) {
		nelem = nargs / 3;
		regions = calloc(nelem, sizeof(*regions));
		if (!regions) {
			dm_fail("calloc");
			return 0;
		}
		for (i = 0; i < nelem; i++, argv += 3) {
			if (dm_parse_flags(argv[0], &regions[i].rg_flags) ||
			    dm_parse_range(argv + 1, &off, &len))
				goto out;
			regions[i].rg_offset = off;
			regions[i].rg_size = len;
		}
	} else if (strcmp(what, "resident") == 0 && nargs == 2) {
		if (dm_parse_range(argv, &off, &len))
			return 0;
	} else if (!((strcmp(what, "list") == 0 || strcmp(what, "clear") == 0) &&
		     nargs == 0)) {
		return dm_cmd_usage(&dm_region_cmd);
	}

	if (dm_target_open(&t))
		goto out;
	switch (*what) {
	case 'l':
		dm_region_list(&t);
		break;
	case 's':
	case 'c':
		dm_region_set(&t, regions, nelem);
		break;
	case 'r':
		if (dmx_set_resident(t.sid, t.hanp, t.hlen, t.token, off, len))
			dm_fail("dmx_set_resident");
		break;
	}
	dm_target_close(&t);
out:
	free(regions);
	return 0;
}

/* --- dm_attr ------------------------------------------------------------ */

static void
dm_attr_help(void)
{
	printf(_(
"\n"
" lists or changes the DM attributes of the open file\n"
"\n"
" list              -- name, size and value of each, also without arguments\n"
" get NAME          -- the value\n"
" set NAME VALUE    -- make or replace\n"
" remove NAME       -- remove\n"
"\n"
" A name has at most 8 bytes.\n"
"\n"
" -d       -- the change is to be seen in the time stamp\n"
" -x       -- values are hexadecimal\n"
" -s sid   -- in this session, not in one made for the command\n"
" -t token -- with this token of that session\n"
"\n"));
}

static int
dm_parse_attrname(
	const char		*text,
	dm_attrname_t		*name)
{
	size_t			len = strlen(text);

	if (len == 0 || len > DM_ATTR_NAME_SIZE) {
		fprintf(stderr, _("bad DM attribute name -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	memset(name, 0, sizeof(*name));
	memcpy(name->an_chars, text, len);
	return 0;
}

/* Turns hexadecimal digits into bytes, in place. */
static int
dm_parse_hex(
	char			*text,
	size_t			*lenp)
{
	size_t			len = strlen(text), i;
	unsigned int		byte;

	for (i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			break;
	if (i < len || len % 2) {
		fprintf(stderr, _("bad hexadecimal value -- %s\n"), text);
		exitcode = 1;
		return -1;
	}
	for (i = 0; i < len; i += 2) {
		sscanf(text + i, "%2x", &byte);
		text[i / 2] = byte;
	}
	*lenp = len / 2;
	return 0;
}

/* Values may hold anything: what is no plain character is escaped. */
static void
dm_print_value(
	const unsigned char	*p,
	size_t			len,
	bool			hex)
{
	if (hex) {
		dm_print_bytes(p, len);
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
dm_attr_print(
	dm_attrlist_t		*al,
	bool			hex)
{
	size_t			len = DM_ATTR_NAME_SIZE;

	while (len && !al->al_name.an_chars[len - 1])
		len--;
	dm_print_value(al->al_name.an_chars, len, false);
	printf(" %u ", DM_GET_LEN(al, al_data));
	dm_print_value(DM_GET_VALUE(al, al_data, unsigned char *),
			DM_GET_LEN(al, al_data), hex);
	printf("\n");
}

/* All attributes, or the value of the one that is named */
static void
dm_attr_show(
	struct dm_target	*t,
	dm_attrname_t		*name,
	bool			hex)
{
	const char		*call = name ? "dm_get_dmattr" : "dm_getall_dmattr";
	dm_attrlist_t		*al;
	void			*buf = NULL;
	size_t			len = 0;

	while ((name ? dm_get_dmattr(t->sid, t->hanp, t->hlen, t->token, name,
				len, buf, &len) :
		       dm_getall_dmattr(t->sid, t->hanp, t->hlen, t->token, len,
				buf, &len)) != 0) {
		if (errno != E2BIG) {
			dm_fail(call);
			goto out;
		}
		free(buf);
		buf = malloc(len);
		if (!buf) {
			dm_fail("malloc");
			return;
		}
	}
	if (name) {
		dm_print_value(buf, len, hex);
		printf("\n");
	} else {
		for (al = len ? buf : NULL; al;
		     al = DM_STEP_TO_NEXT(al, dm_attrlist_t *))
			dm_attr_print(al, hex);
	}
out:
	free(buf);
}

static int
dm_attr_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	dm_attrname_t		name;
	const char		*what = "list";
	int			nargs = 0;
	int			setdtime = 0;
	bool			hex = false;
	size_t			len = 0;
	int			c;

	while ((c = getopt(argc, argv, "dxs:t:")) != EOF) {
		switch (c) {
		case 'd':
			setdtime = 1;
			break;
		case 'x':
			hex = true;
			break;
		case 's':
		case 't':
			if (dm_target_option(&t, c))
				return 0;
			break;
		default:
			return dm_cmd_usage(&dm_attr_cmd);
		}
	}
	argv += optind;
	if (optind < argc) {
		what = *argv++;
		nargs = argc - optind - 1;
	}
	if (!((strcmp(what, "list") == 0 && nargs == 0) ||
	      (strcmp(what, "get") == 0 && nargs == 1) ||
	      (strcmp(what, "set") == 0 && nargs == 2) ||
	      (strcmp(what, "remove") == 0 && nargs == 1)))
		return dm_cmd_usage(&dm_attr_cmd);
	if (nargs > 0 && dm_parse_attrname(argv[0], &name))
		return 0;
	if (nargs > 1) {
		len = strlen(argv[1]);
		if (hex && dm_parse_hex(argv[1], &len))
			return 0;
	}

	if (dm_target_open(&t))
		return 0;
	switch (*what) {
	case 'l':
		dm_attr_show(&t, NULL, hex);
		break;
	case 'g':
		dm_attr_show(&t, &name, hex);
		break;
	case 's':
		if (dm_set_dmattr(t.sid, t.hanp, t.hlen, t.token, &name,
				setdtime, len, argv[1]))
			dm_fail("dm_set_dmattr");
		break;
	case 'r':
		if (dm_remove_dmattr(t.sid, t.hanp, t.hlen, t.token, setdtime,
				&name))
			dm_fail("dm_remove_dmattr");
		break;
	}
	dm_target_close(&t);
	return 0;
}

/* --- dm_punch, dm_probe ------------------------------------------------- */

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
" -s sid   -- in this session, not in one made for the command\n"
" -t token -- with this token of that session\n"
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
" -s sid   -- in this session, not in one made for the command\n"
" -t token -- with this token of that session\n"
"\n"));
}

/* Options and the range of both; 0 with the target open */
static int
dm_range_args(
	const cmdinfo_t		*cmd,
	int			argc,
	char			**argv,
	struct dm_target	*t,
	long long		*offp,
	long long		*lenp)
{
	int			c;

	while ((c = getopt(argc, argv, "s:t:")) != EOF) {
		switch (c) {
		case 's':
		case 't':
			if (dm_target_option(t, c))
				return -1;
			break;
		default:
			dm_cmd_usage(cmd);
			return -1;
		}
	}
	if (optind != argc - 2) {
		dm_cmd_usage(cmd);
		return -1;
	}
	if (dm_parse_range(argv + optind, offp, lenp))
		return -1;
	return dm_target_open(t);
}

static int
dm_punch_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	long long		off, len;

	if (dm_range_args(&dm_punch_cmd, argc, argv, &t, &off, &len))
		return 0;
	if (dm_punch_hole(t.sid, t.hanp, t.hlen, t.token, off, len))
		dm_fail("dm_punch_hole");
	dm_target_close(&t);
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

	if (dm_range_args(&dm_probe_cmd, argc, argv, &t, &off, &len))
		return 0;
	if (dm_probe_hole(t.sid, t.hanp, t.hlen, t.token, off, len, &roff,
			&rlen))
		dm_fail("dm_probe_hole");
	else
		printf(_("offset %lld length %llu\n"), (long long)roff,
				(unsigned long long)rlen);
	dm_target_close(&t);
	return 0;
}

/* --- dm_alloc ----------------------------------------------------------- */

static void
dm_alloc_help(void)
{
	printf(_(
"\n"
" prints what of the open file is resident (has blocks) and what is a hole,\n"
" from an offset (0) to the end of the file\n"
"\n"
" -s sid   -- in this session, not in one made for the command\n"
" -t token -- with this token of that session\n"
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
	int			more, c;

	while ((c = getopt(argc, argv, "s:t:")) != EOF) {
		switch (c) {
		case 's':
		case 't':
			if (dm_target_option(&t, c))
				return 0;
			break;
		default:
			return dm_cmd_usage(&dm_alloc_cmd);
		}
	}
	if (optind < argc - 1)
		return dm_cmd_usage(&dm_alloc_cmd);
	if (optind == argc - 1 && dm_parse_num(_("offset"), argv[optind], &start))
		return 0;

	if (dm_target_open(&t))
		return 0;
	off = start;
	do {
		more = dm_get_allocinfo(t.sid, t.hanp, t.hlen, t.token, &off,
				ARRAY_SIZE(ext), ext, &nelem);
		if (more < 0) {
			dm_fail("dm_get_allocinfo");
			break;
		}
		for (i = 0; i < nelem; i++)
			printf(_("%u: offset %lld length %llu %s\n"), count++,
				(long long)ext[i].ex_offset,
				(unsigned long long)ext[i].ex_length,
				ext[i].ex_type == DM_EXTENT_RES ?
					_("resident") : _("hole"));
	} while (more > 0);
	dm_target_close(&t);
	return 0;
}

/* --- dm_sessions, dm_create, dm_destroy --------------------------------- */

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

	if (dm_service())
		return 0;
	while (dm_getall_sessions(nelem, sids, &nelem)) {
		if (errno != E2BIG) {
			dm_fail("dm_getall_sessions");
			goto out;
		}
		free(sids);
		sids = calloc(nelem, sizeof(*sids));
		if (!sids) {
			dm_fail("calloc");
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
				dm_fail("dm_query_session");
			continue;
		}
		printf("%d: %u ", sids[i], tokens);
		dm_print_value((unsigned char *)info, strnlen(info, len), false);
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
" makes a session with an information string and prints its id; the session\n"
" stays until dm_destroy\n"
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
	int			c;

	while ((c = getopt(argc, argv, "o:")) != EOF) {
		switch (c) {
		case 'o':
			if (dm_parse_id(_("session"), optarg, &oldsid))
				return 0;
			break;
		default:
			return dm_cmd_usage(&dm_create_cmd);
		}
	}
	if (optind != argc - 1)
		return dm_cmd_usage(&dm_create_cmd);
	if (dm_service())
		return 0;
	if (dm_create_session(oldsid, argv[optind], &sid))
		dm_fail("dm_create_session");
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

	if (dm_parse_id(_("session"), argv[1], &sid) || dm_service())
		return 0;
	if (dm_destroy_session(sid))
		dm_fail("dm_destroy_session");
	return 0;
}

#define TARGET_ARGS	"[-s sid [-t token]]"

void
dmapi_init(void)
{
	dm_alloc_cmd.name = "dm_alloc";
	dm_alloc_cmd.cfunc = dm_alloc_f;
	dm_alloc_cmd.argmin = 0;
	dm_alloc_cmd.argmax = -1;
	dm_alloc_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_alloc_cmd.args = TARGET_ARGS " [off]";
	dm_alloc_cmd.oneline = _("print what of the open file is resident");
	dm_alloc_cmd.help = dm_alloc_help;

	dm_attr_cmd.name = "dm_attr";
	dm_attr_cmd.cfunc = dm_attr_f;
	dm_attr_cmd.argmin = 0;
	dm_attr_cmd.argmax = -1;
	dm_attr_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_attr_cmd.args = "[-dx] " TARGET_ARGS
		" [list | get name | set name value | remove name]";
	dm_attr_cmd.oneline = _("DM attributes of the open file");
	dm_attr_cmd.help = dm_attr_help;

	dm_create_cmd.name = "dm_create";
	dm_create_cmd.cfunc = dm_create_f;
	dm_create_cmd.argmin = 1;
	dm_create_cmd.argmax = -1;
	dm_create_cmd.flags = CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK |
		CMD_FLAG_ONESHOT;
	dm_create_cmd.args = "[-o oldsid] info";
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

	dm_handle_cmd.name = "dm_handle";
	dm_handle_cmd.cfunc = dm_handle_f;
	dm_handle_cmd.argmin = 0;
	dm_handle_cmd.argmax = -1;
	dm_handle_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_handle_cmd.args = "[-fv]";
	dm_handle_cmd.oneline = _("print the DM handle of the open file");
	dm_handle_cmd.help = dm_handle_help;

	dm_probe_cmd.name = "dm_probe";
	dm_probe_cmd.cfunc = dm_probe_f;
	dm_probe_cmd.argmin = 2;
	dm_probe_cmd.argmax = -1;
	dm_probe_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_probe_cmd.args = TARGET_ARGS " off len";
	dm_probe_cmd.oneline = _("what dm_punch could free of the open file");
	dm_probe_cmd.help = dm_probe_help;

	dm_punch_cmd.name = "dm_punch";
	dm_punch_cmd.cfunc = dm_punch_f;
	dm_punch_cmd.argmin = 2;
	dm_punch_cmd.argmax = -1;
	dm_punch_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_punch_cmd.args = TARGET_ARGS " off len";
	dm_punch_cmd.oneline = _("free blocks of the open file invisibly");
	dm_punch_cmd.help = dm_punch_help;

	dm_region_cmd.name = "dm_region";
	dm_region_cmd.cfunc = dm_region_f;
	dm_region_cmd.argmin = 0;
	dm_region_cmd.argmax = -1;
	dm_region_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_region_cmd.args = TARGET_ARGS
		" [-l | set flags off len ... | clear | resident off len]";
	dm_region_cmd.oneline = _("managed regions of the open file");
	dm_region_cmd.help = dm_region_help;

	dm_sessions_cmd.name = "dm_sessions";
	dm_sessions_cmd.cfunc = dm_sessions_f;
	dm_sessions_cmd.argmin = 0;
	dm_sessions_cmd.argmax = 0;
	dm_sessions_cmd.flags = CMD_NOFILE_OK | CMD_NOMAP_OK | CMD_FOREIGN_OK |
		CMD_FLAG_ONESHOT;
	dm_sessions_cmd.args = "";
	dm_sessions_cmd.oneline = _("list DM sessions");
	dm_sessions_cmd.help = dm_sessions_help;

	add_command(&dm_alloc_cmd);
	add_command(&dm_attr_cmd);
	add_command(&dm_create_cmd);
	add_command(&dm_destroy_cmd);
	add_command(&dm_handle_cmd);
	add_command(&dm_probe_cmd);
	add_command(&dm_punch_cmd);
	add_command(&dm_region_cmd);
	add_command(&dm_sessions_cmd);
}
