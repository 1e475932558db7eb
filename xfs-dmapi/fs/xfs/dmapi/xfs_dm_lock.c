// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the manager's calls exclude everybody else
 *
 * A call that changes what is offline, or writes where something is, holds
 * IOLOCK and MMAPLOCK exclusively, so that any of the two held in any mode, or
 * ILOCK, gives everybody else a stable view.
 *
 * It is a writer, too, and must not run on a frozen file system.  But a recall
 * has to be able to finish while somebody waits to freeze: a reader may be
 * asleep until it does.  Freezing drains the write level, then the page fault
 * level, and syncs after that.  So the manager works at the page fault level,
 * whose data still gets to disk before a freeze is complete.
 *
 * That level is taken last and only by trying.  To wait for it under the IOLOCK
 * would be a deadlock: the freezer waits for a fault that holds the level, the
 * fault for mmap_lock behind a writer, which waits for a reader that faulted
 * under this very IOLOCK.
 */
#include "xfs_dm_compat.h"
#include "xfs_file.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* What xfs_dm_lock() takes of the VFS's locks. */
static uint
xfs_dm_lock_mode(struct xfs_inode *ip)
{
	if (S_ISREG(VFS_I(ip)->i_mode))
		return XFS_IOLOCK_EXCL | XFS_MMAPLOCK_EXCL;
	return XFS_IOLOCK_EXCL;
}

/**
 * xfs_dm_level_try() - become a writer at the level of page faults
 * @ip: the file, locked
 *
 * Return: 1 if somebody freezes the file system: unlock, xfs_dm_level_wait(),
 * and again; 0, for sb_end_pagefault(); -EROFS, or -EIO after a shutdown.
 */
int
xfs_dm_level_try(struct xfs_inode *ip)
{
	struct super_block	*sb = VFS_I(ip)->i_sb;
	int			error = 0;

	if (!__sb_start_write_trylock(sb, SB_FREEZE_PAGEFAULT))
		return 1;
	if (xfs_is_shutdown(ip->i_mount))
		error = -EIO;
	else if (xfs_is_readonly(ip->i_mount))
		error = -EROFS;
	if (error)
		sb_end_pagefault(sb);
	return error;
}

/**
 * xfs_dm_level_wait() - wait until the file system is thawed
 * @ip: a file of it; nothing is held
 */
void
xfs_dm_level_wait(struct xfs_inode *ip)
{
	sb_start_pagefault(VFS_I(ip)->i_sb);
	sb_end_pagefault(VFS_I(ip)->i_sb);
}

/**
 * xfs_dm_lock() - exclude everybody else from a file
 * @ip: the file; nothing is held
 * @how: XFS_DM_LOCK_LAYOUT: and wait until no I/O is under way
 *
 * On success the file's state is loaded.  xfs_dm_unlock() undoes it.
 *
 * Return: 0, -EROFS, -EIO after a shutdown, or what loading the state gave.
 */
int
xfs_dm_lock(struct xfs_inode *ip, unsigned int how)
{
	uint			lock = xfs_dm_lock_mode(ip);
	int			error;

	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
again:
	xfs_ilock(ip, lock);
	if (how & XFS_DM_LOCK_LAYOUT) {
		error = xfs_break_layouts(VFS_I(ip), &lock, BREAK_UNMAP);
		if (error)
			goto out_unlock;
		inode_dio_wait(VFS_I(ip));
	}
	error = xfs_dm_level_try(ip);
	if (!error)						/* @xfs-dm-limits */
		xfs_dm_limits_lift(ip);				/* @xfs-dm-limits */
	if (!error)
		return 0;
out_unlock:
	xfs_iunlock(ip, lock);
	if (error > 0) {
		xfs_dm_level_wait(ip);
		goto again;
	}
	return error;
}

/**
 * xfs_dm_unlock() - let everybody else go on
 * @ip: the file
 */
void
xfs_dm_unlock(struct xfs_inode *ip)
{
	xfs_dm_limits_restore(ip);	/* @xfs-dm-limits */
	sb_end_pagefault(VFS_I(ip)->i_sb);
	xfs_iunlock(ip, xfs_dm_lock_mode(ip));
}

/**
 * xfs_dm_granule() - in what pieces a file can be offline
 * @ip: the file
 *
 * Whole allocation units, whole folios, and not less than 64 KiB: a map of
 * single blocks would be of use to nobody.
 *
 * Return: bytes.
 */
u64
xfs_dm_granule(struct xfs_inode *ip)
{
	u64			unit = xfs_inode_alloc_unitsize(ip);
	u64			least = max_t(u64, PAGE_SIZE, SZ_64K);

	return roundup_64(least, unit);
}
