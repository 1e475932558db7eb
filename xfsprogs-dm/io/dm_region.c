// SPDX-License-Identifier: GPL-2.0
/*
 * Managed regions: which parts of the open file raise events
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_region_cmd;

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
DM_TARGET_HELP
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

int
dmio_parse_regions(
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

void
dmio_out_regions(
	struct dm_out		*o,
	const char		*key,
	unsigned int		flags)
{
	char			text[ARRAY_SIZE(dm_region_letters) + 1];
	int			i, n = 0;

	for (i = 0; i < ARRAY_SIZE(dm_region_letters); i++)
		if (flags & dm_region_letters[i].flag)
			text[n++] = dm_region_letters[i].letter;
	text[n] = 0;
	dmio_out_word(o, key, n ? text : "-");
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
			dmio_fail("dm_get_region");
			goto out;
		}
		free(regions);
		regions = calloc(nelem, sizeof(*regions));
		if (!regions) {
			dmio_fail("calloc");
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
		dmio_fail("dm_set_region");
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

	while ((c = dmio_target_getopt(argc, argv, "l" DM_TARGET_OPTS,
			&t, &dm_region_cmd)) != EOF) {
		switch (c) {
		case 'l':
			list = true;
			break;
		default:
			return 0;
		}
	}
	argv += optind;
	if (optind < argc) {
		what = *argv++;
		nargs = argc - optind - 1;
		if (list)
			return dmio_cmd_usage(&dm_region_cmd);
	}

	if (strcmp(what, "set") == 0 && nargs > 0 && nargs % 3 == 0) {
		nelem = nargs / 3;
		regions = calloc(nelem, sizeof(*regions));
		if (!regions) {
			dmio_fail("calloc");
			return 0;
		}
		for (i = 0; i < nelem; i++, argv += 3) {
			if (dmio_parse_regions(argv[0], &regions[i].rg_flags) ||
			    dmio_parse_range(argv + 1, &off, &len))
				goto out;
			regions[i].rg_offset = off;
			regions[i].rg_size = len;
		}
	} else if (strcmp(what, "resident") == 0 && nargs == 2) {
		if (dmio_parse_range(argv, &off, &len))
			return 0;
	} else if (!((strcmp(what, "list") == 0 || strcmp(what, "clear") == 0) &&
		     nargs == 0)) {
		return dmio_cmd_usage(&dm_region_cmd);
	}

	if (dmio_target_open(&t))
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
			dmio_fail("dmx_set_resident");
		break;
	}
	dmio_target_close(&t);
out:
	free(regions);
	return 0;
}

void
dmio_region_init(void)
{
	dm_region_cmd.name = "dm_region";
	dm_region_cmd.cfunc = dm_region_f;
	dm_region_cmd.argmin = 0;
	dm_region_cmd.argmax = -1;
	dm_region_cmd.flags = CMD_NOMAP_OK | CMD_FOREIGN_OK;
	dm_region_cmd.args = DM_TARGET_ARGS
		" [-l | set flags off len ... | clear | resident off len]";
	dm_region_cmd.oneline = _("managed regions of the open file");
	dm_region_cmd.help = dm_region_help;

	add_command(&dm_region_cmd);
}
