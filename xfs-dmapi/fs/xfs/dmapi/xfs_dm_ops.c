// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entry of every operation
 *
 * The checks are the same for all and come in the order that the interface
 * promises: the operation, its structure, the session, the form of the handle,
 * the token, what the handle names and of what kind that is.  An operation finds
 * everything resolved, and the file system held for as long as it runs.
 *
 * Who has no privilege needs a worker's descriptor, and is told nothing but EPERM
 * until he has shown it.  The descriptor limits whoever names the session by it,
 * privileged or not: to operations that are marked for workers, to objects of its
 * file systems, and to tokens of messages about them.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"
#include "xfs_dm_session.h"

#include <linux/file.h>
#include <linux/uaccess.h>

static const struct xfs_dm_op *const xfs_dm_op_tables[] = {
	xfs_dm_session_ops,
	xfs_dm_descriptor_ops,
	xfs_dm_session_list_ops,
	xfs_dm_queue_ops,
	xfs_dm_disp_ops,
	xfs_dm_handle_ops,
	xfs_dm_region_ops,
	xfs_dm_punch_ops,
	xfs_dm_invis_ops,
	xfs_dm_attr_ops,
	xfs_dm_version_ops,	/* @xfs-dm-version */
	xfs_dm_stage_ops,	/* @xfs-dm-stage */
	xfs_dm_mark_ops,	/* @xfs-dm-mark */
	xfs_dm_list_ops,	/* @xfs-dm-lists */
	xfs_dm_object_ops,	/* @xfs-dm-object */
	xfs_dm_user_ops,	/* @xfs-dm-user */
	xfs_dm_inherit_ops,	/* @xfs-dm-inherit */
	xfs_dm_fileattr_ops,	/* @xfs-dm-fileattr */
	xfs_dm_bulk_ops,	/* @xfs-dm-bulk */
	xfs_dm_dirattrs_ops,	/* @xfs-dm-bulk */
	xfs_dm_config_ops,	/* @xfs-dm-config */
	xfs_dm_right_ops,	/* @xfs-dm-rights */
	xfs_dm_mounting_ops,	/* @xfs-dm-mounting */
	xfs_dm_open_ops,	/* @xfs-dm-handles */
	xfs_dm_path_ops,	/* @xfs-dm-handles */
	xfs_dm_create_ops,	/* @xfs-dm-create */
};

static const struct xfs_dm_op *
xfs_dm_op_find(unsigned int number)
{
	const struct xfs_dm_op	*op;
	unsigned int		i;

	for (i = 0; i < ARRAY_SIZE(xfs_dm_op_tables); i++) {
		for (op = xfs_dm_op_tables[i]; op->call; op++) {
			if (op->number == number)
				return op;
		}
	}
	return NULL;
}

/* Read the structure of an operation. */
static int
xfs_dm_call_read(const struct xfs_dm_op *op, struct xfs_dm_call *call,
		 void __user *uarg, size_t size, unsigned int flags)
{
	if (!op || flags)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < op->size)
		return -EINVAL;
	return copy_struct_from_user(call->arg.bytes,
				     max(op->size, op->grown), uarg, size);
}

/*
 * The session, by its id or by a descriptor.  Whoever is not privileged has to
 * have a worker's.
 */
static int
xfs_dm_resolve_session(const struct xfs_dm_op *op, struct xfs_dm_call *call,
		       bool admin)
{
	struct dmapi_object	*obj = &call->arg.obj;
	int			error = 0;

	if (!(op->needs & (XFS_DM_OP_SESSION | XFS_DM_OP_OBJECT)))
		return admin ? 0 : -EPERM;
	if (op->needs & XFS_DM_OP_ANYBODY) {
		if (!admin)
			return -EPERM;
		return obj->sid == DMAPI_NO_SESSION ? 0 : -EINVAL;
	}

	if (obj->sid < 0)
		error = xfs_dm_descriptor_get(call, ~obj->sid);
	if (!admin && !call->worker)
		return -EPERM;
	if (call->worker && !(op->needs & XFS_DM_OP_WORKER))
		return -EPERM;
	if (error)
		return error;

	call->s = xfs_dm_session_get(obj->sid);
	if (IS_ERR(call->s)) {
		error = PTR_ERR(call->s);
		call->s = NULL;
	}
	return error;
}

/* The bytes of the handle, and the token. */
static int
xfs_dm_resolve_form(const struct xfs_dm_op *op, struct xfs_dm_call *call,
		    u8 *handle)
{
	struct dmapi_object	*obj = &call->arg.obj;
	u64			fsid;

	if (obj->hanp == DMAPI_GLOBAL_HANP && obj->hlen == DMAPI_GLOBAL_HLEN) {
		if (!(op->needs & XFS_DM_OP_GLOBAL))
			return -EBADF;
	} else if (obj->hlen != DMAPI_FSHANDLE_LEN &&
		   obj->hlen != DMAPI_HANDLE_LEN) {
		return -EBADF;
	} else if (copy_from_user(handle, u64_to_user_ptr(obj->hanp),
				  obj->hlen)) {
		return -EFAULT;
	}
	memcpy(&fsid, handle, sizeof(fsid));
	/* Workers have to do with objects, not with a file system as such. */
	if (call->worker && (obj->hlen != DMAPI_HANDLE_LEN ||
			     !xfs_dm_worker_has(call->worker, fsid)))
		return -EPERM;

	/* @xfs-dm-rights { */
	if (obj->token == DMAPI_NO_TOKEN && (op->needs & XFS_DM_OP_TOKEN))
		return -EINVAL;
	/* } @xfs-dm-rights */
	if (obj->token == DMAPI_NO_TOKEN)
		return 0;
	if (!call->s)
		return -EINVAL;
	return xfs_dm_token_check(call, obj->token);
}

static bool
xfs_dm_kind_fits(const struct xfs_dm_op *op, struct xfs_inode *ip)
{
	if (!ip)
		return op->needs & XFS_DM_OP_FS;
	if (S_ISREG(VFS_I(ip)->i_mode))
		return op->needs & XFS_DM_OP_REG;
	if (S_ISDIR(VFS_I(ip)->i_mode))
		return op->needs & XFS_DM_OP_DIR;
	return op->needs & XFS_DM_OP_OTHER;
}

/* @xfs-dm-rights { */
/* The right that the operation needs: its token's, or one of its own. */
static int
xfs_dm_resolve_right(const struct xfs_dm_op *op, struct xfs_dm_call *call)
{
	u32			right = DMAPI_RIGHT_SHARED;
	int			error;

	if (op->needs & (XFS_DM_OP_TOKEN | XFS_DM_OP_ANYBODY))
		return 0;
	if (op->needs & (XFS_DM_OP_WRITE | XFS_DM_OP_EXCL))
		right = DMAPI_RIGHT_EXCL;
	error = xfs_dm_right_begin(call, right);
	if (!error && call->arg.obj.token == DMAPI_NO_TOKEN)
		call->right = right;
	return error;
}

/* } @xfs-dm-rights */
/*
 * What the handle names; the file system stays held by @mpp, and writable by
 * @writes.
 */
static int
xfs_dm_resolve_handle(const struct xfs_dm_op *op, struct xfs_dm_call *call,
		      const u8 *handle, struct xfs_mount **mpp, bool *writes)
{
	u64			fsid;
	int			error;

	if (!(op->needs & XFS_DM_OP_OBJECT) ||
	    call->arg.obj.hlen == DMAPI_GLOBAL_HLEN)
		return 0;

	memcpy(&fsid, handle, sizeof(fsid));
	call->fs = xfs_dm_fs_get(fsid);
	if (!call->fs)
		return -EBADF;
	*mpp = xfs_dm_fs_pin(call->fs);
	if (!*mpp)
		return -EBADF;
	if (call->arg.obj.hlen == DMAPI_HANDLE_LEN) {
		error = xfs_dm_handle_inode(*mpp, handle, &call->ip);
		if (error)
			return error;
	}
	if (!xfs_dm_kind_fits(op, call->ip))
		return -EINVAL;
	/* @xfs-dm-rights { */
	error = xfs_dm_resolve_right(op, call);
	if (error)
		return error;
	/* } @xfs-dm-rights */
	if (!(op->needs & XFS_DM_OP_WRITE))
		return 0;
	error = down_read_killable(&(*mpp)->m_dm->ro_lock);
	if (error)
		return error;
	*writes = true;
	return xfs_is_readonly(*mpp) ? -EROFS : 0;
}

static long
xfs_dm_call(unsigned int number, void __user *uarg, size_t size,
	    unsigned int flags, bool admin)
{
	const struct xfs_dm_op	*op;
	struct xfs_dm_call	call = { };
	struct xfs_mount	*mp = NULL;
	u8			handle[DMAPI_HANDLE_LEN] = { };
	bool			writes = false;
	long			ret;

	if (number == DMAPI_GET_VERSION && admin)
		return uarg || size || flags ? -EINVAL : DMAPI_VERSION;
	op = xfs_dm_op_find(number);
	ret = xfs_dm_call_read(op, &call, uarg, size, flags);
	if (ret)
		return admin ? ret : -EPERM;

	ret = xfs_dm_resolve_session(op, &call, admin);
	if (ret)
		goto out;
	if (op->needs & XFS_DM_OP_OBJECT) {
		ret = xfs_dm_resolve_form(op, &call, handle);
		if (ret)
			goto out;
	}
	ret = xfs_dm_resolve_handle(op, &call, handle, &mp, &writes);
	if (ret)
		goto out;
	ret = op->call(&call);
out:
	if (writes)
		up_read(&mp->m_dm->ro_lock);
	/* @xfs-dm-rights { */
	if (call.right != DMAPI_RIGHT_NULL)
		xfs_dm_right_end(&call, call.right);
	/* } @xfs-dm-rights */
	if (call.ip)
		xfs_irele(call.ip);
	if (mp)
		xfs_dm_fs_unpin(mp);
	if (call.fs)
		xfs_dm_fs_put(call.fs);
	if (call.s)
		xfs_dm_session_put(call.s);
	/* Perhaps the last one: then the session ends, with nothing held. */
	if (call.file)
		fput(call.file);
	return ret;
}

static const struct dmapi_provider xfs_dm_provider = {
	.owner	= THIS_MODULE,
	.call	= xfs_dm_call,
	.mmap_begin = xfs_dm_mmap_begin,
	.mmap_end = xfs_dm_mmap_end,
	/* @xfs-dm-mounting { */
	.attach_begin = xfs_dm_attach_begin,
	.attach_end = xfs_dm_attach_end,
	.detach_begin = xfs_dm_detach_begin,
	.detach_end = xfs_dm_detach_end,
	/* } @xfs-dm-mounting */
};

int __init
xfs_dm_ops_init(void)
{
	return dmapi_register(&xfs_dm_provider);
}

void
xfs_dm_ops_exit(void)
{
	dmapi_unregister(&xfs_dm_provider);
}
