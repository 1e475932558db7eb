// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invisible I/O
 *
 * The manager reads and writes without events, time stamps or permission
 * checks, while others sleep on the same file.
 *
 * A read gives what is there.  Where bytes are offline the manager, and nobody
 * else, gets zeros; they are written to its buffer and never to the page cache,
 * where others would find them.
 *
 * A write goes through the page cache like any other, under the IOLOCK and with
 * the one pass that the guard knows.  The lock must not meet a page fault
 * (xfs_dm_lock.c), so faults are off meanwhile.  Where it ends offline bytes it
 * must cover whole blocks, or the rest of a block would become zeros that count
 * as data; the block in which the file ends may be filled up to there.  There a
 * copy that ends short would do the same, so the manager's memory is copied into
 * the kernel's first, as it is when a page of it is not at hand.  And there it is
 * on its way to the device before the lock is dropped: the extents that become
 * written when it arrives are what ends their being offline.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_iomap.h"
#include "xfs_quota.h"
#include "xfs_super.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/file.h>
#include <linux/iomap.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

/* Bytes written at a time. */
#define XFS_DM_PIECE		SZ_1M

/* Read [pos, pos + len), all of it resident or none.  IOLOCK held. */
static ssize_t
xfs_dm_read_piece(struct file *file, loff_t pos, size_t len, char __user *buf,
		  bool offline)
{
	struct kiocb		iocb;
	struct iov_iter		to;
	int			error;

	if (offline)
		return len - clear_user(buf, len) ? : -EFAULT;

	error = import_ubuf(ITER_DEST, buf, len, &to);
	if (error)
		return error;
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = pos;
	return filemap_read(&iocb, &to, 0);
}

/* DMAPI_READ_INVIS: EINVAL for an offset that is negative or past the end. */
static long
xfs_dm_op_read_invis(struct xfs_dm_call *call)
{
	struct dmapi_io		*arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	struct xfs_mount	*mp = ip->i_mount;
	char __user		*buf = u64_to_user_ptr(arg->bufp);
	struct file		*file;
	loff_t			pos = arg->off;
	u64			size, end;
	size_t			done = 0;
	ssize_t			ret;

	if (arg->flags || arg->pad)
		return -EINVAL;
	ret = xfs_dm_inode_load(ip);
	if (ret)
		return ret;
	file = xfs_dm_file_open(ip);
	if (IS_ERR(file))
		return PTR_ERR(file);

	xfs_ilock(ip, XFS_IOLOCK_SHARED);
	ret = -EINVAL;
	size = i_size_read(VFS_I(ip));
	if (pos < 0 || pos > size)
		goto out_unlock;
	ret = 0;
	end = pos + min_t(u64, min_t(u64, arg->len, MAX_RW_COUNT), size - pos);

	while (pos < end) {
		xfs_fileoff_t	stop = XFS_B_TO_FSB(mp, end);
		u64		piece;
		int		offline;

		ret = -EINTR;
		if (fatal_signal_pending(current))
			break;
		offline = xfs_dm_map(ip, XFS_B_TO_FSBT(mp, pos), &stop);
		ret = offline;
		if (offline < 0)
			break;
		piece = min_t(u64, end, XFS_FSB_TO_B(mp, stop)) - pos;
		ret = xfs_dm_read_piece(file, pos, piece, buf + done, offline);
		if (ret <= 0)
			break;
		done += ret;
		pos += ret;
	}
out_unlock:
	xfs_iunlock(ip, XFS_IOLOCK_SHARED);
	fput(file);
	return done ? done : ret;
}

/*
 * May this write go where bytes are offline?  1 if it meets some, 0 if it does
 * not, -EINVAL if it would leave part of an offline block as zeros.
 */
static int
xfs_dm_write_meets(struct xfs_inode *ip, u64 pos, u64 end)
{
	u64			block = i_blocksize(VFS_I(ip));
	u64			first = rounddown_64(pos, block);
	u64			last = rounddown_64(end, block);
	int			ret;

	if (pos != first) {
		ret = xfs_dm_range_offline(ip, first, first + 1);
		if (ret)
			return ret < 0 ? ret : -EINVAL;
	}
	if (end != last && end < (u64)i_size_read(VFS_I(ip))) {
		ret = xfs_dm_range_offline(ip, last, last + 1);
		if (ret)
			return ret < 0 ? ret : -EINVAL;
	}
	return xfs_dm_range_offline(ip, pos, end);
}

/*
 * The file is locked by xfs_dm_lock().  -EFAULT if nothing of the user's memory
 * is at hand, -EAGAIN if it must be in the kernel's.
 */
static ssize_t
xfs_dm_write_locked(struct xfs_inode *ip, struct file *file,
		    struct iov_iter *from, loff_t pos)
{
	struct xfs_dm_inode	*dm;
	size_t			len = iov_iter_count(from);
	struct kiocb		iocb;
	ssize_t			ret;
	int			meets, error;

	meets = xfs_dm_write_meets(ip, pos, pos + len);
	if (meets < 0)
		return meets;
	if (meets && user_backed_iter(from))
		return -EAGAIN;
	/* @xfs-dm-version { */
	/* A recall brings what the data's number stands for. */
	if (!meets || pos + len > XFS_ISIZE(ip)) {
		error = xfs_dm_changing(ip, false);
		if (error)
			return error;
	}
	/* } @xfs-dm-version */

	if (pos + len > XFS_ISIZE(ip)) {
		if (!meets) {
			error = xfs_dm_grow(ip, pos, pos + len, 0);
			if (error)
				return error;
		}
		if (pos > XFS_ISIZE(ip)) {
			error = xfs_dm_zero_range(ip, XFS_ISIZE(ip),
						  pos - XFS_ISIZE(ip));
			if (error)
				return error;
		}
	}

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = pos;
	/* Only now: growing may have replaced the state. */
	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (dm != &xfs_dm_none)
		WRITE_ONCE(dm->writer, current);
	/*
	 * XFS takes this lock to give delayed allocations back, if writeback
	 * elsewhere in the file changes the extent map under the write.
	 */
	xfs_iunlock(ip, XFS_MMAPLOCK_EXCL);
	pagefault_disable();
#if XFS_DM_BASE >= 703
	ret = iomap_file_buffered_write(&iocb, from,
					&xfs_buffered_write_iomap_ops, &xfs_iomap_write_ops,
					NULL);
#else
	ret = iomap_file_buffered_write(&iocb, from,
					&xfs_buffered_write_iomap_ops, NULL);
#endif
	pagefault_enable();
	if (meets && ret > 0) {
		error = xfs_dm_flush(ip, pos, pos + ret);
		/* Somebody else's fsync may have been told of what failed. */
		if (!error && xfs_dm_range_offline(ip, pos, pos + ret))
			error = -EIO;
		if (error)
			ret = error;
	}
	xfs_ilock(ip, XFS_MMAPLOCK_EXCL);
	if (dm != &xfs_dm_none)
		WRITE_ONCE(dm->writer, NULL);
	return ret;
}

/* Nothing held.  From @copy if there is one, or straight from the user's. */
static ssize_t
xfs_dm_write_piece(struct xfs_inode *ip, struct file *file, void __user *buf,
		   void *copy, loff_t pos, size_t len)
{
	struct kvec		vec = { .iov_base = copy, .iov_len = len };
	struct iov_iter		from;
	ssize_t			ret;

	if (copy) {
		if (copy_from_user(copy, buf, len))
			return -EFAULT;
		iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, len);
	} else {
		ret = import_ubuf(ITER_SOURCE, buf, len, &from);
		if (ret)
			return ret;
	}
	ret = xfs_dm_lock(ip, 0);
	if (ret)
		return ret;
	ret = xfs_dm_write_locked(ip, file, &from, pos);
	xfs_dm_unlock(ip);
	return ret;
}

/*
 * DMAPI_WRITE_INVIS: EINVAL for a negative offset, unknown flags, or a write
 * that would leave part of an offline block as zeros; EFBIG; ENOSPC; EROFS.
 */
static long
xfs_dm_op_write_invis(struct xfs_dm_call *call)
{
	struct dmapi_io		*arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	char __user		*buf = u64_to_user_ptr(arg->bufp);
	struct file		*file;
	void			*copy = NULL;
	bool			cleared = false;
	loff_t			pos = arg->off;
	u64			left;
	size_t			done = 0;
	ssize_t			ret = 0;

	if ((arg->flags & ~DMAPI_WRITE_SYNC) || arg->pad || pos < 0 ||
	    arg->len == U64_MAX)
		return -EINVAL;
	if (IS_DAX(VFS_I(ip)) || IS_SWAPFILE(VFS_I(ip)))
		return -EOPNOTSUPP;
#if XFS_DM_BASE >= 703
	if (xfs_is_zoned_inode(ip))
		return -EOPNOTSUPP;
#endif
	if (pos > VFS_I(ip)->i_sb->s_maxbytes ||
	    arg->len > VFS_I(ip)->i_sb->s_maxbytes - pos)
		return -EFBIG;
	ret = xfs_qm_dqattach(ip);
	if (ret)
		return ret;
	file = xfs_dm_file_open(ip);
	if (IS_ERR(file))
		return PTR_ERR(file);
	left = min_t(u64, arg->len, MAX_RW_COUNT);

	while (left) {
		size_t		n = min_t(u64, left, XFS_DM_PIECE);

		ret = -EINTR;
		if (fatal_signal_pending(current))
			break;
		ret = xfs_dm_write_piece(ip, file, buf + done, copy, pos, n);
		if (!copy && (ret == -EAGAIN || ret == -EFAULT)) {
			copy = kvmalloc(n, GFP_KERNEL);
			ret = -ENOMEM;
			if (!copy)
				break;
			continue;
		}
		/* What was deleted, or reserved for more, is space as well. */
		if (ret == -ENOSPC && !cleared) {
			struct xfs_icwalk	icw = { };

			cleared = true;
			xfs_flush_inodes(ip->i_mount);
			if (!xfs_blockgc_free_space(ip->i_mount, &icw))
				continue;
		}
		if (ret <= 0)
			break;
		done += ret;
		pos += ret;
		left -= ret;
		cond_resched();
	}
	if (done && (arg->flags & DMAPI_WRITE_SYNC)) {
		int		error;

		error = vfs_fsync_range(file, arg->off, pos - 1, 0);
		if (error) {
			done = 0;
			ret = error;
		}
	}
	kvfree(copy);
	fput(file);
	return done ? done : ret;
}

/* DMAPI_SYNC_BY_HANDLE: data and metadata of the file are on the device. */
static long
xfs_dm_op_sync(struct xfs_dm_call *call)
{
	struct file		*file;
	long			error;

	file = xfs_dm_file_open(call->ip);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = vfs_fsync(file, 0);
	fput(file);
	return error;
}

const struct xfs_dm_op xfs_dm_invis_ops[] = {
	{
		.number	= DMAPI_READ_INVIS,
		.size	= sizeof(struct dmapi_io),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_read_invis,
	},
	{
		.number	= DMAPI_WRITE_INVIS,
		.size	= sizeof(struct dmapi_io),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_write_invis,
	},
	{
		.number	= DMAPI_SYNC_BY_HANDLE,
		.size	= sizeof(struct dmapi_object),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_EXCL |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_sync,
	},
	{ },
};
