// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles
 *
 * A handle names an object for ever: file system, inode number, generation.
 * The layout is that of XFS's own handles and of SGI's, so that those from
 * path_to_handle(3) and from here are the same bytes.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/file.h>
#include <linux/magic.h>
#include <linux/namei.h>

struct xfs_dm_handle {
	u64		fsid;
	u16		fid_len;	/* what follows it */
	u16		fid_pad;
	u32		gen;
	u64		ino;
};

#define XFS_DM_FID_LEN	(sizeof(struct xfs_dm_handle) - \
			 offsetofend(struct xfs_dm_handle, fid_len))

static_assert(sizeof(struct xfs_dm_handle) == DMAPI_HANDLE_LEN);
static_assert(XFS_DM_FID_LEN == 14);

static u64
xfs_dm_fsid(struct xfs_mount *mp)
{
	u64			fsid;

	BUILD_BUG_ON(sizeof(mp->m_fixedfsid) != sizeof(fsid));
	memcpy(&fsid, mp->m_fixedfsid, sizeof(fsid));
	return fsid;
}

/**
 * xfs_dm_handle_make() - the handle of an inode that need not be here
 * @mp: its file system
 * @ino: its number
 * @gen: its generation
 * @handle: room for DMAPI_HANDLE_LEN bytes
 */
void
xfs_dm_handle_make(struct xfs_mount *mp, u64 ino, u32 gen, void *handle)
{
	struct xfs_dm_handle	h = {
		.fsid		= xfs_dm_fsid(mp),
		.fid_len	= XFS_DM_FID_LEN,
		.gen		= gen,
		.ino		= ino,
	};

	memcpy(handle, &h, sizeof(h));
}

/**
 * xfs_dm_handle_init() - the handle of an inode
 * @ip: the inode
 * @handle: room for DMAPI_HANDLE_LEN bytes
 */
void
xfs_dm_handle_init(struct xfs_inode *ip, void *handle)
{
	xfs_dm_handle_make(ip->i_mount, xfs_dm_ino(ip),
			   VFS_I(ip)->i_generation, handle);
}

/* @xfs-dm-create { */
/**
 * xfs_dm_handle_parse() - take a handle apart
 * @handle: DMAPI_HANDLE_LEN bytes
 * @fsid: result: the file system
 * @ino: result: inode number
 * @gen: result: generation
 *
 * Return: true if it has a valid form; what it names need not exist.
 */
bool
xfs_dm_handle_parse(const void *handle, u64 *fsid, xfs_ino_t *ino, u32 *gen)
{
	struct xfs_dm_handle	h;

	memcpy(&h, handle, sizeof(h));
	*fsid = h.fsid;
	*ino = h.ino;
	*gen = h.gen;
	return h.fid_len == XFS_DM_FID_LEN && !h.fid_pad;
}

/* } @xfs-dm-create */
/**
 * xfs_dm_handle_inode() - the inode of a handle
 * @mp: the file system that the handle names
 * @handle: DMAPI_HANDLE_LEN bytes
 * @ipp: result, with a reference
 *
 * Return: 0; -EBADF if the object is gone or the handle has no valid form.
 */
int
xfs_dm_handle_inode(struct xfs_mount *mp, const void *handle,
		    struct xfs_inode **ipp)
{
	struct xfs_dm_handle	h;
	struct xfs_inode	*ip;
	int			error;

	memcpy(&h, handle, sizeof(h));
	if (h.fid_len != XFS_DM_FID_LEN || h.fid_pad || !h.ino)
		return -EBADF;

	error = xfs_iget(mp, NULL, h.ino, XFS_IGET_UNTRUSTED, 0, &ip);
	if (error == -EINVAL || error == -ENOENT || error == -ESTALE)
		return -EBADF;
	if (error)
		return error;
	if (VFS_I(ip)->i_generation != h.gen || xfs_dm_is_internal(ip)) {
		xfs_irele(ip);
		return -EBADF;
	}
	*ipp = ip;
	return 0;
}

/* Hand out the handle of an inode, or of its file system. */
static long
xfs_dm_handle_give(struct inode *inode, bool fs, u64 hanp, u64 hlenp)
{
	u8			handle[DMAPI_HANDLE_LEN];
	unsigned int		len;
	struct xfs_inode	*ip;

	if (inode->i_sb->s_magic != XFS_SUPER_MAGIC)
		return -ENXIO;
	ip = XFS_I(inode);
	if (!xfs_dm_is_managed(ip->i_mount))
		return -ENXIO;

	xfs_dm_handle_init(ip, handle);
	len = fs ? DMAPI_FSHANDLE_LEN : DMAPI_HANDLE_LEN;
	if (copy_to_user(u64_to_user_ptr(hanp), handle, len) ||
	    xfs_dm_put_u64(hlenp, len))
		return -EFAULT;
	return 0;
}

static long
xfs_dm_path_handle(struct xfs_dm_call *call, bool fs)
{
	struct dmapi_path_to_handle	*arg = (void *)call->arg.bytes;
	struct path			path;
	long				ret;

	ret = user_path_at(AT_FDCWD, u64_to_user_ptr(arg->path),
			   fs ? LOOKUP_FOLLOW : 0, &path);
	if (ret)
		return ret;
	ret = xfs_dm_handle_give(d_backing_inode(path.dentry), fs, arg->hanp,
				 arg->hlenp);
	path_put(&path);
	return ret;
}

/* DMAPI_PATH_TO_HANDLE: ENXIO if the file system is not managed. */
static long
xfs_dm_op_path_to_handle(struct xfs_dm_call *call)
{
	return xfs_dm_path_handle(call, false);
}

/* DMAPI_PATH_TO_FSHANDLE: likewise. */
static long
xfs_dm_op_path_to_fshandle(struct xfs_dm_call *call)
{
	return xfs_dm_path_handle(call, true);
}

/* DMAPI_FD_TO_HANDLE: EBADF if @fd is not open, O_PATH will do. */
static long
xfs_dm_op_fd_to_handle(struct xfs_dm_call *call)
{
	struct dmapi_fd_to_handle	*arg = (void *)call->arg.bytes;
	struct file			*file;
	long				ret;

	if (arg->pad)
		return -EINVAL;
	file = fget_raw(arg->fd);
	if (!file)
		return -EBADF;
	ret = xfs_dm_handle_give(file_inode(file), false, arg->hanp,
				 arg->hlenp);
	fput(file);
	return ret;
}

const struct xfs_dm_op xfs_dm_handle_ops[] = {
	{
		.number	= DMAPI_PATH_TO_HANDLE,
		.size	= sizeof(struct dmapi_path_to_handle),
		.call	= xfs_dm_op_path_to_handle,
	},
	{
		.number	= DMAPI_PATH_TO_FSHANDLE,
		.size	= sizeof(struct dmapi_path_to_handle),
		.call	= xfs_dm_op_path_to_fshandle,
	},
	{
		.number	= DMAPI_FD_TO_HANDLE,
		.size	= sizeof(struct dmapi_fd_to_handle),
		.call	= xfs_dm_op_fd_to_handle,
	},
	{ },
};
