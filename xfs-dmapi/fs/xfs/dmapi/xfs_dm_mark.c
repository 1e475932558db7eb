// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mark of a managed file system
 *
 * Somebody who mounts a file system that has stubs and forgets the option dmapi
 * gets errors instead of data.  So a file system can say itself that it is
 * managed: by an attribute of the root namespace of its root directory,
 * trusted.XDSM_MANAGED.  Where that is, a mount is managed without the option,
 * and only the option nodmapi makes it another.
 *
 * The value is big-endian: magic "XDMM", version, nothing.  A manager sets it by
 * an operation, which returns when the mark is on disk; root may as well set or
 * remove it as an attribute.  By itself it protects nothing, the guard stands
 * with it and without it.  So removing it is no danger, but a mark that cannot
 * be read counts as one: a mount that is managed for no reason is one in which
 * an administrator finds a directory in sysfs that he does not need.
 *
 * Whether a file system is managed is settled when it is mounted.  Setting the
 * mark, removing it, or a remount changes nothing until the next time.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_inode_fork.h"
#include "xfs_log.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#define XFS_DM_MARK_NAME	"XDSM_MANAGED"
#define XFS_DM_MARK_NAMELEN	(sizeof(XFS_DM_MARK_NAME) - 1)
#define XFS_DM_MARK_MAGIC	0x58444d4d	/* XDMM */
#define XFS_DM_MARK_VERSION	1

struct xfs_dm_disk_mark {
	__be32			magic;
	__be16			version;
	__be16			pad;
};

static_assert(sizeof(struct xfs_dm_disk_mark) == 8);

static bool
xfs_dm_mark_valid(const void *value, size_t len)
{
	const struct xfs_dm_disk_mark	*mark = value;

	return len == sizeof(*mark) &&
	       mark->magic == cpu_to_be32(XFS_DM_MARK_MAGIC) &&
	       mark->version == cpu_to_be16(XFS_DM_MARK_VERSION) && !mark->pad;
}

/**
 * xfs_dm_mark_read() - does a file system have the mark?
 * @mp: its mount; the root directory is in memory
 *
 * A root directory without attributes costs nothing here.
 *
 * Return: 1 if so; 0 if not; -EFSCORRUPTED if what is there is none, or what
 * reading gave.
 */
int
xfs_dm_mark_read(struct xfs_mount *mp)
{
	void			*value;
	int			len;
	int			error;

	if (xfs_ifork_zapped(mp->m_rootip, XFS_ATTR_FORK))
		return -EFSCORRUPTED;
	error = xfs_dm_xattr_get(mp->m_rootip, XFS_DM_MARK_NAME,
				 XFS_DM_MARK_NAMELEN, &value, &len);
	if (error == -ENODATA)
		return 0;
	if (error)
		return error;
	error = xfs_dm_mark_valid(value, len) ? 1 : -EFSCORRUPTED;
	kvfree(value);
	return error;
}

/**
 * xfs_dm_mark_mount() - a file system is being mounted: is it to be managed?
 * @mp: the mount, with its root directory
 * @managed: what the option said, and may become true
 *
 * Return: 0, or -ENOMEM, for which the mount fails.
 */
int
xfs_dm_mark_mount(struct xfs_mount *mp, bool *managed)
{
	int			ret;

	if (*managed)
		return 0;
	ret = xfs_dm_mark_read(mp);
	if (!ret || ret == -ENOMEM)
		return ret;
	if (ret < 0)
		xfs_alert(mp,
			  "DMAPI mark unreadable (error %d), taken for one", ret);
	if (mp->m_dm_optout) {
		xfs_warn(mp,
			 "marked as managed, mounted without DMAPI: offline data is EIO");
		return 0;
	}
	xfs_notice(mp, "marked as managed: the option dmapi is implied");
	*managed = true;
	return 0;
}

/**
 * xfs_dm_remount() - a remount asks for dmapi, or nodmapi
 * @mp: the mount
 * @options: a mount with the options of the remount alone
 *
 * Options that say what is so are no matter: mount(8) gives all that it knows.
 *
 * Return: 0; -EINVAL if it would have to change.
 */
int
xfs_dm_remount(struct xfs_mount *mp, const struct xfs_mount *options)
{
	bool			on = mp->m_dm || mp->m_dm_managed;

	if (options->m_dm_managed && !on) {
		xfs_warn(mp, "DMAPI cannot be turned on by a remount");
		return -EINVAL;
	}
	if (options->m_dm_optout && mp->m_dm) {
		xfs_warn(mp, "DMAPI cannot be turned off by a remount");
		return -EINVAL;
	}
	return 0;
}

/**
 * xfs_dm_mark_is_ours() - is this the mark?
 * @args: an attribute about to be changed
 *
 * On any other inode than the root directory the name means nothing: a copy of
 * that directory may carry it.
 */
bool
xfs_dm_mark_is_ours(const struct xfs_da_args *args)
{
	return (args->attr_filter & XFS_ATTR_ROOT) &&
	       args->dp == args->dp->i_mount->m_rootip &&
	       args->namelen == XFS_DM_MARK_NAMELEN &&
	       !memcmp(args->name, XFS_DM_MARK_NAME, XFS_DM_MARK_NAMELEN);
}

/**
 * xfs_dm_mark_foreign() - somebody sets or removes it as an attribute
 * @args: name and value
 * @op: enum xfs_attr_update
 *
 * Return: 1 to go on as with any attribute, -EINVAL if the value is no mark.
 */
int
xfs_dm_mark_foreign(const struct xfs_da_args *args, int op)
{
	if (op != XFS_ATTRUPDATE_REMOVE &&
	    !xfs_dm_mark_valid(args->value, args->valuelen))
		return -EINVAL;
	return 1;
}

/*
 * DMAPI_SET_MANAGED: EINVAL if @on is not 0 or 1; EROFS, ENOSPC; EIO,
 * EUCLEAN if the root directory's attributes cannot be changed.
 */
static long
xfs_dm_op_set_managed(struct xfs_dm_call *call)
{
	struct dmapi_set_managed *arg = (void *)call->arg.bytes;
	struct xfs_mount	*mp = READ_ONCE(call->fs->fs_mount);
	struct xfs_dm_disk_mark	mark = {
		.magic		= cpu_to_be32(XFS_DM_MARK_MAGIC),
		.version	= cpu_to_be16(XFS_DM_MARK_VERSION),
	};
	long			error;

	if (arg->on > 1 || arg->pad)
		return -EINVAL;
	/* @xfs-dm-leave { */
	if (call->ip) {
		error = arg->on ? -EINVAL : xfs_dm_leave(call->ip);
		return error ? error : xfs_log_force_inode(call->ip);
	}
	/* } @xfs-dm-leave */
	error = xfs_dm_lock(mp->m_rootip, 0);
	if (error)
		return error;
	error = xfs_dm_xattr_set(mp->m_rootip, XFS_DM_MARK_NAME,
				 XFS_DM_MARK_NAMELEN, arg->on ? &mark : NULL,
				 arg->on ? sizeof(mark) : 0, false);
	xfs_dm_unlock(mp->m_rootip);
	if (error == -ENODATA)
		error = 0;
	return error ? error : xfs_log_force(mp, XFS_LOG_SYNC);
}

const struct xfs_dm_op xfs_dm_mark_ops[] = {
	{
		.number	= DMAPI_SET_MANAGED,
		.size	= sizeof(struct dmapi_set_managed),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS |
			  XFS_DM_OP_ANYINODE |	/* @xfs-dm-leave */
			  XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_set_managed,
	},
	{ },
};
