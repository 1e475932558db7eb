// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the implementation can do
 *
 * Portable applications ask before they rely on what XDSM leaves open.  The
 * answers are the same for every file system.  They say what works now: an
 * operation whose option says 0 does not exist, and a limit can be reached.
 */
#include "xfs_dm_compat.h"

#include <linux/uaccess.h>

#include "xfs_dm_ops.h"

static const __u64 xfs_dm_config[DMAPI_CONFIG_LAST + 1] = {
	[DMAPI_CONFIG_BULKALL]			= 1,
	[DMAPI_CONFIG_CREATE_BY_HANDLE]		= 1,	/* @xfs-dm-create */
	/* A change of attributes that is to be seen is seen in ctime. */
	[DMAPI_CONFIG_DTIME_OVERLOAD]		= 1,
	/* File systems of any age can be managed. */
	[DMAPI_CONFIG_LEGACY]			= 1,
	[DMAPI_CONFIG_LOCK_UPGRADE]		= 1,
	[DMAPI_CONFIG_MAX_ATTR_ON_DESTROY]	= DMAPI_MAX_ATTR_ON_DESTROY,
	[DMAPI_CONFIG_MAX_ATTRIBUTE_SIZE]	= DMAPI_MAX_ATTRIBUTE_SIZE,
	[DMAPI_CONFIG_MAX_HANDLE_SIZE]		= DMAPI_MAX_HANDLE_SIZE,
	[DMAPI_CONFIG_MAX_MANAGED_REGIONS]	= DMAPI_MAX_REGIONS,
	[DMAPI_CONFIG_MAX_MESSAGE_DATA]		= DMAPI_MAX_MESSAGE_DATA,
	[DMAPI_CONFIG_OBJ_REF]			= 1,
	[DMAPI_CONFIG_PENDING]			= 1,
	[DMAPI_CONFIG_PERS_ATTRIBUTES]		= 1,
	[DMAPI_CONFIG_PERS_EVENTS]		= 1,
	[DMAPI_CONFIG_PERS_INHERIT_ATTRIBS]	= 1,	/* @xfs-dm-inherit */
	[DMAPI_CONFIG_PERS_MANAGED_REGIONS]	= 1,
	[DMAPI_CONFIG_PUNCH_HOLE]		= 1,
	[DMAPI_CONFIG_TOTAL_ATTRIBUTE_SPACE]	= S32_MAX,
	/* Who was answered looks again, and asks again if need be. */
	[DMAPI_CONFIG_WILL_RETRY]		= 1,
};

/* DMAPI_GET_CONFIG */
static long
xfs_dm_get_config(struct xfs_dm_call *call)
{
	const struct dmapi_get_config *arg = (void *)call->arg.bytes;

	if (!arg->flagname || arg->flagname > DMAPI_CONFIG_LAST || arg->pad)
		return -EINVAL;
	return xfs_dm_put_u64(arg->retvalp, xfs_dm_config[arg->flagname]);
}

/* DMAPI_GET_CONFIG_EVENTS */
static long
xfs_dm_get_config_events(struct xfs_dm_call *call)
{
	const struct dmapi_get_config_events *arg = (void *)call->arg.bytes;
	int			error = 0;

	if (arg->pad)
		return -EINVAL;
	if (arg->nelem < DMAPI_EVENT_MAX)
		error = -E2BIG;
	else if (xfs_dm_put_u64(arg->eventsetp, (1ULL << DMAPI_EVENT_MAX) - 1))
		return -EFAULT;
	if (xfs_dm_put_u32(arg->nelemp, DMAPI_EVENT_MAX))
		return -EFAULT;
	return error;
}

const struct xfs_dm_op xfs_dm_config_ops[] = {
	{
		.number	= DMAPI_GET_CONFIG,
		.size	= sizeof(struct dmapi_get_config),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYBODY |
			  XFS_DM_OP_FS | XFS_DM_OP_ANYINODE,
		.call	= xfs_dm_get_config,
	},
	{
		.number	= DMAPI_GET_CONFIG_EVENTS,
		.size	= sizeof(struct dmapi_get_config_events),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYBODY |
			  XFS_DM_OP_FS | XFS_DM_OP_ANYINODE,
		.call	= xfs_dm_get_config_events,
	},
	{ }
};
