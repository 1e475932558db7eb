// SPDX-License-Identifier: GPL-2.0
/*
 * What the implementation can, and where the file system is mounted
 */
#include "command.h"
#include "input.h"
#include "init.h"
#include "io.h"
#include "dm.h"

static cmdinfo_t dm_config_cmd;
static cmdinfo_t dm_mountinfo_cmd;

static void
dm_config_help(void)
{
	printf(_(
"\n"
" prints the answers of dm_get_config and dm_get_config_events for the open file,\n"
" a line each; sizes are in bytes, other answers 1 for yes and 0 for no\n"
"\n"
" -H handle -- for the object with this handle, not for the open file\n"
" -j        -- as JSON, in one line\n"
"\n"));
}

static const struct {
	dm_config_t		flag;
	const char		*name;
} dm_configs[] = {
	{ DM_CONFIG_BULKALL,		  "bulkall" },
	{ DM_CONFIG_CREATE_BY_HANDLE,	  "create_by_handle" },
	{ DM_CONFIG_DTIME_OVERLOAD,	  "dtime_overload" },
	{ DM_CONFIG_LEGACY,		  "legacy" },
	{ DM_CONFIG_LOCK_UPGRADE,	  "lock_upgrade" },
	{ DM_CONFIG_MAX_ATTR_ON_DESTROY,  "max_attr_on_destroy" },
	{ DM_CONFIG_MAX_ATTRIBUTE_SIZE,	  "max_attribute_size" },
	{ DM_CONFIG_MAX_HANDLE_SIZE,	  "max_handle_size" },
	{ DM_CONFIG_MAX_MANAGED_REGIONS,  "max_managed_regions" },
	{ DM_CONFIG_MAX_MESSAGE_DATA,	  "max_message_data" },
	{ DM_CONFIG_OBJ_REF,		  "obj_ref" },
	{ DM_CONFIG_PENDING,		  "pending" },
	{ DM_CONFIG_PERS_ATTRIBUTES,	  "pers_attributes" },
	{ DM_CONFIG_PERS_EVENTS,	  "pers_events" },
	{ DM_CONFIG_PERS_INHERIT_ATTRIBS, "pers_inherit_attribs" },
	{ DM_CONFIG_PERS_MANAGED_REGIONS, "pers_managed_regions" },
	{ DM_CONFIG_PUNCH_HOLE,		  "punch_hole" },
	{ DM_CONFIG_TOTAL_ATTRIBUTE_SPACE, "total_attribute_space" },
	{ DM_CONFIG_WILL_RETRY,		  "will_retry" },
};

static int
dm_config_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	dm_eventset_t		set;
	unsigned int		nelem;
	dm_size_t		value;
	int			i, c;

	while ((c = getopt(argc, argv, "H:j")) != EOF) {
		switch (c) {
		case 'H':
			if (dmio_parse_handle(optarg, &t.hanp, &t.hlen))
				return 0;
			break;
		case 'j':
			o.json = true;
			break;
		default:
			return dmio_cmd_usage(&dm_config_cmd);
		}
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_config_cmd);
	if (dmio_target_open(&t))
		return 0;
	dmio_out_begin(&o);
	for (i = 0; i < ARRAY_SIZE(dm_configs); i++) {
		if (dm_get_config(t.hanp, t.hlen, dm_configs[i].flag, &value)) {
			dmio_fail("dm_get_config");
			goto out;
		}
		dmio_out_num(&o, dm_configs[i].name, value);
		if (!o.json)
			o.sep = "\n";
	}
	if (dm_get_config_events(t.hanp, t.hlen, DM_EVENT_MAX, &set, &nelem))
		dmio_fail("dm_get_config_events");
	else
		dmio_out_events(&o, "events", set);
out:
	dmio_out_end(&o);
	dmio_target_close(&t);
	return 0;
}

static void
dm_mountinfo_help(void)
{
	printf(_(
"\n"
" prints what the event mount says of the open file's file system: its handle,\n"
" path and handle of the directory that it is mounted on, its source and the\n"
" handle of its root directory; mode is 1 if it is read-only\n"
"\n"
" -j        -- a line of JSON\n"
DM_TARGET_HELP
"\n"));
}

static int
dm_mountinfo_f(
	int			argc,
	char			**argv)
{
	struct dm_target	t = DM_TARGET_INIT;
	struct dm_out		o = { };
	void			*buf = NULL;
	size_t			len = 0;
	int			c;

	while ((c = dmio_target_getopt(argc, argv, "j" DM_TARGET_OPTS, &t,
			&dm_mountinfo_cmd)) != EOF) {
		if (c != 'j')
			return 0;
		o.json = true;
	}
	if (optind != argc)
		return dmio_cmd_usage(&dm_mountinfo_cmd);
	if (dmio_target_open_fs(&t))
		return 0;
	while (dm_get_mountinfo(t.sid, t.hanp, t.hlen, t.token, len, buf, &len)) {
		free(buf);
		buf = NULL;
		if (errno != E2BIG) {
			dmio_fail("dm_get_mountinfo");
			goto out;
		}
		buf = malloc(len);
		if (!buf) {
			dmio_fail("malloc");
			goto out;
		}
	}
	dmio_out_begin(&o);
	dmio_out_mount(&o, buf);
	dmio_out_end(&o);
	free(buf);
out:
	dmio_target_close(&t);
	return 0;
}

void
dmio_config_init(void)
{
	dmio_add(&dm_config_cmd, "dm_config", dm_config_f, DM_FILE,
		"[-j] [-H handle]",
		_("what DMAPI can for the open file"), dm_config_help);
	dmio_add(&dm_mountinfo_cmd, "dm_mountinfo", dm_mountinfo_f, DM_FILE,
		"[-j] " DM_TARGET_ARGS,
		_("where the open file's file system is mounted"),
		dm_mountinfo_help);
}
