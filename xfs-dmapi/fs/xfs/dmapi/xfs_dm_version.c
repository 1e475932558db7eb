// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the data changed since it was copied?
 *
 * The manager asks for the number of a file's data, copies the data, and has it
 * punched only if it still has that number.  It need not keep anybody from
 * writing meanwhile.
 *
 * The number is in the file's record.  A bit of the witness, XFS_DMW_ASKED,
 * says that nobody has changed the data since the number was told.  Whoever is
 * about to change it clears the bit first, once; the next who asks gets another
 * number.  So a file that nobody asks about costs its writers nothing, and one
 * that somebody did costs them one transaction.
 *
 * Number and bit are set under IOLOCK and MMAPLOCK, both exclusive; the bit is
 * tested under any of the two, held until the change is made or until nobody
 * can come between any more:
 *
 *	write, truncate, fallocate, remapping: IOLOCK; direct I/O that goes on
 *		behind the lock is waited for
 *	stores into mappings: MMAPLOCK, in the write fault.  All mappings are
 *		gone and all pages clean when a number is told.  A fault that
 *		was there before, and whose page is not yet mapped, has its
 *		folio locked and dirty, and writeback write-protects it.
 *
 * What is told must still be true after a crash.  A number is on the device,
 * and the data that it stands for too, before anybody hears of it: one that was
 * lost would be told again, for other data.  And the bit's going is on the
 * device before the change begins.  It would not do to let it go with the next
 * fsync: written back overwrites reach the device without the log.  i_dm_asked
 * is what writers look at; it is false only when the bit is gone from the disk.
 *
 * A record that is lost takes its number with it.  So that the next is none
 * that was told before, numbers follow the clock: nanoseconds, or one more than
 * the last.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/iversion.h>
#include <linux/pagemap.h>

int
__xfs_dm_changing(struct xfs_inode *ip, bool nowait)
{
	int			error;

	/* A transaction may block. */
	if (nowait)
		return -EAGAIN;
	error = xfs_dm_witness_asked(ip, false);
	if (error)
		return error;
	WRITE_ONCE(ip->i_dm_asked, false);
	return 0;
}

/**
 * xfs_dm_version_is() - is the data still what it was?
 * @ip: the file, locked by xfs_dm_lock()
 * @change: the number that was told
 *
 * Return: 0 or -ESTALE.
 */
int
xfs_dm_version_is(struct xfs_inode *ip, u64 change)
{
	const struct xfs_dm_inode	*dm;

	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (!ip->i_dm_asked || dm->broken || !change || dm->change != change)
		return -ESTALE;
	return 0;
}

/*
 * A device may still be writing into pages of the file, for somebody who reads
 * another one into a mapping of it.  That began before, needs no fault, and
 * ends whenever it likes.
 */
static bool
xfs_dm_pinned(struct address_space *mapping)
{
	struct folio_batch	batch;
	pgoff_t			index = 0;
	bool			pinned = false;
	unsigned int		i;

	folio_batch_init(&batch);
	while (!pinned &&
	       filemap_get_folios(mapping, &index, ULONG_MAX, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++)
			pinned |= folio_maybe_dma_pinned(batch.folios[i]);
		folio_batch_release(&batch);
		cond_resched();
	}
	return pinned;
}

/* A number for data that has none.  The file is locked by xfs_dm_lock(). */
static int
xfs_dm_version_new(struct xfs_inode *ip)
{
	struct address_space	*mapping = VFS_I(ip)->i_mapping;
	struct xfs_dm_inode	*dm;
	int			error;

	unmap_mapping_range(mapping, 0, 0, 0);
	error = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (error)
		return error;
	if (xfs_dm_pinned(mapping))
		return -EBUSY;

	dm = rcu_dereference_protected(ip->i_dm, 1);
	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	dm->change = max_t(u64, dm->change + 1, ktime_get_real_ns());
	if (dm->change > S64_MAX) {
		kvfree(dm);
		return -EOVERFLOW;
	}
	error = xfs_dm_record_commit(ip, dm);
	if (error)
		return error;
	WRITE_ONCE(ip->i_dm_asked, true);
	return xfs_dm_witness_asked(ip, true);
}

/**
 * xfs_dm_version_ask() - the number of a file's data, for somebody who will hear it
 * @ip: a regular file, nothing is held
 * @change: result
 * @counter: result, if not NULL: how often the inode has changed, as it was while
 *	nobody could change the data
 *
 * Return: 0; -EOPNOTSUPP if changes are not seen (DAX, zoned, swap); -EBUSY if a
 * device is writing into pages of the file; -EIO if the record is lost;
 * -EOVERFLOW, -ENOSPC, -EROFS.
 */
int
xfs_dm_version_ask(struct xfs_inode *ip, u64 *change, u32 *counter)
{
	const struct xfs_dm_inode	*dm;
	int				error;

	/* Data first: the lock is held for as long as this takes again. */
	error = xfs_dm_flush(ip, 0, XFS_DM_INFINITY);
	if (error)
		return error;
	error = xfs_dm_lock(ip, XFS_DM_LOCK_LAYOUT);
	if (error)
		return error;

	error = -EOPNOTSUPP;
	if (IS_DAX(VFS_I(ip)) || IS_SWAPFILE(VFS_I(ip)))
		goto out_unlock;
#if XFS_DM_BASE >= 703
	if (xfs_is_zoned_inode(ip))
		goto out_unlock;
#endif
	error = -EIO;
	dm = rcu_dereference_protected(ip->i_dm, 1);
	if (dm->broken)
		goto out_unlock;
	error = 0;
	if (!ip->i_dm_asked || !dm->change)
		error = xfs_dm_version_new(ip);
	dm = rcu_dereference_protected(ip->i_dm, 1);
	*change = dm->change;
	if (counter)
		*counter = inode_peek_iversion(VFS_I(ip));
out_unlock:
	xfs_dm_unlock(ip);
	return error;
}

/* DMAPI_GET_CHANGE: as xfs_dm_version_ask(). */
static long
xfs_dm_op_get_change(struct xfs_dm_call *call)
{
	struct dmapi_get_change		*arg = (void *)call->arg.bytes;
	u64				change = 0;
	long				error;

	if (xfs_dm_put_u64(arg->changep, change))
		return -EFAULT;
	error = xfs_dm_version_ask(call->ip, &change, NULL);
	if (!error && xfs_dm_put_u64(arg->changep, change))
		error = -EFAULT;
	return error;
}

const struct xfs_dm_op xfs_dm_version_ops[] = {
	{
		.number	= DMAPI_GET_CHANGE,
		.size	= sizeof(struct dmapi_get_change),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_REG | XFS_DM_OP_WRITE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_change,
	},
	{ },
};
