// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings
 *
 * A page fault comes under locks of the address space, and often in the middle
 * of a system call that holds others: it cannot wait.  So what will be mapped is
 * asked for when it is mapped, with nothing held, and stays from then on: while
 * a range is mapped, or a file mapped to be executed, it is neither punched nor
 * armed.  Between the answer and the moment at which the mapping can be found
 * with the file, a pin says the same.
 *
 * In the lazy mode of a mount nothing is asked for when a file is mapped but
 * the right to write, where that is armed; what is offline waits until it is
 * touched (xfs_dm_fault.c).  A program that is being started is the exception,
 * since the kernel itself stores into its pages.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* A shared mapping that can be written raises WRITE if that is armed. */
static u32
xfs_dm_mmap_event(struct xfs_inode *ip, bool write, u64 off, u64 len)
{
	const struct xfs_dm_inode	*dm;
	u32				event = DMAPI_EVENT_READ;

	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	if (write && dm &&
	    xfs_dm_regions_match(dm->regions, dm->nregions, off, off + len,
				 DMAPI_REGION_WRITE))
		event = DMAPI_EVENT_WRITE;
	rcu_read_unlock();
	return event;
}

/**
 * xfs_dm_mmap_begin() - part of a file is about to be mapped
 * @inode: the file; nothing is held, a scope is open
 * @write: shared, by a descriptor that can write
 * @exec: to be executed: all of the file counts
 * @off: first byte
 * @len: bytes
 *
 * Return: 0, then xfs_dm_mmap_end() has to follow; or as xfs_dm_want().
 */
int
xfs_dm_mmap_begin(struct inode *inode, bool write, bool exec, loff_t off,
		  u64 len)
{
	struct xfs_inode	*ip = XFS_I(inode);
	u32			event;
	u64			size;
	unsigned int		how = 0;
	int			error = 0;

	atomic_inc(&ip->i_dm_pins);
	/* Before the look: whoever arms looks at the pins. */
	smp_mb__after_atomic();
	if (!xfs_dm_guarded(ip))
		return 0;
	error = xfs_dm_inode_load(ip);
	if (error)
		goto out_unpin;

	xfs_ilock(ip, XFS_IOLOCK_SHARED);
	size = roundup_64(i_size_read(inode), PAGE_SIZE);
	if (exec) {
		off = 0;
		len = size;
	}
	event = xfs_dm_mmap_event(ip, write, off, len);
	/* @xfs-dm-rights { */
	error = xfs_dm_exclude(ip, write ? DMAPI_EVENT_WRITE : DMAPI_EVENT_READ,
			       off, len, 0);
	/* } @xfs-dm-rights */
	if (xfs_dm_is_lazy(ip->i_mount) && !current->in_execve)
		how = XFS_DM_IF_ARMED;
	if (!error && off < size && (!how || event == DMAPI_EVENT_WRITE))
		error = xfs_dm_want(ip, event, off, min(len, size - off), how);
	xfs_iunlock(ip, XFS_IOLOCK_SHARED);
	if (error)
		goto out_unpin;
	return 0;

out_unpin:
	atomic_dec(&ip->i_dm_pins);
	return error;
}

void
xfs_dm_mmap_end(struct inode *inode)
{
	atomic_dec(&XFS_I(inode)->i_dm_pins);
}

/**
 * xfs_dm_mapped() - is a range mapped, or about to be, so that it must stay?
 * @ip: the file, locked by xfs_dm_lock()
 * @first: first page
 * @last: last page
 *
 * In lazy mode a mapping is not in the way.
 */
bool
xfs_dm_mapped(struct xfs_inode *ip, pgoff_t first, pgoff_t last)
{
	return atomic_read(&ip->i_dm_pins) ||
	       (!xfs_dm_is_lazy(ip->i_mount) &&
		dmapi_range_mapped(VFS_I(ip)->i_mapping, first, last));
}

/* IOLOCK or mmap_lock held.  A range is about to be mapped. */
int
__xfs_dm_refuse_mmap(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_is_lazy(ip->i_mount))
		return xfs_dm_inode_load(ip);
	return __xfs_dm_refuse(ip, pos, len);
}
