// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records that others write
 *
 * tar, rsync and restore programs copy trusted attributes, a file's record
 * among them.  What they write is checked, takes effect at once, and may
 * protect more than before but never less: as long as a span holds an offline
 * byte, a record that does not cover it is refused, and so is its removal.
 *
 * Restore programs set a file's attributes before its data, or after it.  tar
 * makes an empty file, sets its record, and writes the data then, leaving out
 * what was a hole in the archive.  So the record's spans are behind the end of
 * the file.  Otherwise that means that they are from before a truncation, and
 * they go when the file grows: the holes of the restored stub would be zeros.
 *
 * So a record that somebody sets as an attribute is marked as pending, on disk,
 * if it has spans behind the end.  While it is, these stay when the file grows.
 * What is written there is data; the restore may well have it, because it was
 * recalled while the file was dumped.  It is taken out of the spans in memory
 * alone, where it would count as offline until it has reached the device.  On
 * disk the spans stay as they are: extents that are written count as they do in
 * any span, and those that a crash took away are offline and not zeros.
 *
 * What is left out is offline as soon as the file ends behind it.  A page that
 * data shares with bytes left out could only be filled up with zeros, so that
 * fails with EIO; the archive is from a file system with smaller blocks.
 *
 * It ends when no span is behind the end of the file, at the next change of the
 * record; and before the file is made shorter: its owner has begun to use it,
 * and what he does with the end is his doing.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/**
 * xfs_dm_foreign_is_ours() - is this a record, or the mark?
 * @args: an attribute about to be changed
 */
bool
xfs_dm_foreign_is_ours(struct xfs_da_args *args)
{
	/* @xfs-dm-mark { */
	if (xfs_dm_mark_is_ours(args))
		return true;
	/* } @xfs-dm-mark */
	/* @xfs-dm-lists { */
	if (xfs_dm_list_is_ours(args))
		return true;
	/* } @xfs-dm-lists */
	/* @xfs-dm-inherit { */
	if (xfs_dm_inherit_is_ours(args))
		return true;
	/* } @xfs-dm-inherit */
	return (args->attr_filter & XFS_ATTR_ROOT) &&
	       xfs_dm_is_record(args->name, args->namelen);
}

/* Offline bytes must be in the page cache no more than in a punched file. */
static int
xfs_dm_foreign_empty_cache(struct xfs_inode *ip)
{
	struct address_space	*mapping = VFS_I(ip)->i_mapping;
	int			error;

	if (xfs_dm_mapped(ip, 0, ULONG_MAX))
		return -EBUSY;
	inode_dio_wait(VFS_I(ip));
	error = filemap_write_and_wait(mapping);
	if (error)
		return error;
	return invalidate_inode_pages2(mapping) ? -EBUSY : 0;
}

/**
 * xfs_dm_foreign_set() - somebody sets or removes an attribute
 * @args: name and value, IOLOCK held exclusively
 * @op: enum xfs_attr_update
 *
 * Return: 1 if it is no record, or a mark, and nothing was done.  Otherwise it was done, or
 * refused: -EINVAL if the value is no record, or the inode no regular file;
 * -EPERM if it would protect less; -EBUSY if the file is mapped; -EEXIST and
 * -ENODATA as @op asks.
 */
int
xfs_dm_foreign_set(struct xfs_da_args *args, int op)
{
	struct xfs_inode		*ip = args->dp;
	const struct xfs_dm_inode	*old;
	struct xfs_dm_inode		*dm;
	bool				exists;
	int				error;

	if (!xfs_dm_foreign_is_ours(args))
		return 1;
	/* @xfs-dm-mark { */
	if (xfs_dm_mark_is_ours(args))
		return xfs_dm_mark_foreign(args, op);
	/* } @xfs-dm-mark */
	/* @xfs-dm-lists { */
	if (xfs_dm_list_is_ours(args))
		return xfs_dm_list_foreign(args, op);
	/* } @xfs-dm-lists */
	/* @xfs-dm-inherit { */
	if (xfs_dm_inherit_is_ours(args))
		return xfs_dm_inherit_foreign(args, op);
	/* } @xfs-dm-inherit */
	if (!S_ISREG(VFS_I(ip)->i_mode) || xfs_dm_is_internal(ip))
		return -EINVAL;
	xfs_assert_ilocked(ip, XFS_IOLOCK_EXCL);

	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
	xfs_ilock(ip, XFS_MMAPLOCK_EXCL);
	old = rcu_dereference_protected(ip->i_dm, 1);
	exists = old != &xfs_dm_none;

	error = -ENODATA;
	if (!exists && (op == XFS_ATTRUPDATE_REPLACE ||
			op == XFS_ATTRUPDATE_REMOVE))
		goto out_unlock;
	error = -EEXIST;
	if (exists && op == XFS_ATTRUPDATE_CREATE)
		goto out_unlock;

	if (op == XFS_ATTRUPDATE_REMOVE) {
		dm = xfs_dm_inode_alloc(0);
		error = dm ? 0 : -ENOMEM;
	} else {
		error = xfs_dm_record_parse(args->value, args->valuelen, &dm);
		if (error == -EFSCORRUPTED)
			error = -EINVAL;
		/* If any are behind the end. */
		if (!error && dm->nspans)
			dm->pending = dm->spans[dm->nspans - 1].end;
	}
	if (error)
		goto out_unlock;

	if (!xfs_dm_spans_cover(dm->spans, dm->nspans, old->spans,
				old->nspans) || old->broken) {
		error = xfs_dm_range_offline(ip, 0, S64_MAX);
		if (error > 0)
			error = -EPERM;
	}
	/* The number of this file's data, or of another's: take no chances. */
	if (op != XFS_ATTRUPDATE_REMOVE)
		dm->change = max(dm->change, old->change);
	if (!error)						/* @xfs-dm-version */
		error = xfs_dm_changing(ip, false);		/* @xfs-dm-version */
	if (!error && dm->nspans)
		error = xfs_dm_foreign_empty_cache(ip);
	if (error)
		kvfree(dm);
	else
		error = xfs_dm_record_commit(ip, dm);
out_unlock:
	xfs_iunlock(ip, XFS_MMAPLOCK_EXCL);
	return error;
}

/*
 * [size, pos) is left out.  What was to be written there may be missing in @dm,
 * for memory or the disk may have been full, so ask the record on disk.  @written
 * says that data follows, and so the last page must not be left out in part.
 */
static int
xfs_dm_pending_gap(struct xfs_inode *ip, struct xfs_dm_inode *dm, u64 size,
		   u64 pos, bool written)
{
	u64			page = xfs_dm_page(ip);
	u64			first = roundup_64(size, page);
	u64			last = written ? rounddown_64(pos, page) : pos;
	struct xfs_dm_inode	*disk;
	unsigned int		i;
	int			error;

	error = xfs_dm_record_read(ip, &disk);
	if (error)
		return error;
	if ((size < first &&
	     xfs_dm_spans_overlap(disk->spans, disk->nspans, size,
				  min(first, pos))) ||
	    (last < pos &&
	     xfs_dm_spans_overlap(disk->spans, disk->nspans, max(size, last),
				  pos)))
		error = -EIO;
	for (i = 0; i < disk->nspans; i++)
		dm->nspans = xfs_dm_spans_add(dm->spans, dm->nspans,
					      max(disk->spans[i].start, first),
					      min(disk->spans[i].end, last));
	kvfree(disk);
	return error;
}

/**
 * xfs_dm_pending_grow() - a file that is being restored grows
 * @ip: the file, IOLOCK held exclusively; its record is pending
 * @pos: first byte that is about to be written, or the new size
 * @end: the byte after the last, or the new size
 *
 * Return: 0; -EIO if a page would be data in part and left out in part; or a
 * negated errno.
 */
int
xfs_dm_pending_grow(struct xfs_inode *ip, u64 pos, u64 end)
{
	struct xfs_dm_inode	*dm = rcu_dereference_protected(ip->i_dm, 1);
	u64			size = XFS_ISIZE(ip);
	u64			page = xfs_dm_page(ip);
	int			error = 0;

	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	if (pos > size)
		error = xfs_dm_pending_gap(ip, dm, size, pos, end > pos);
	if (error) {
		kvfree(dm);
		return error;
	}
	if (pos < end)
		dm->nspans = xfs_dm_spans_remove(dm->spans, dm->nspans,
						 rounddown_64(pos, page),
						 roundup_64(end, page));
	xfs_dm_inode_publish(ip, dm);
	return 0;
}

/**
 * xfs_dm_shrink() - a file is about to become shorter
 * @ip: the file, IOLOCK held exclusively, loaded
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_shrink(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm = rcu_dereference_protected(ip->i_dm, 1);

	if (!dm->pending)
		return 0;
	dm = xfs_dm_inode_dup(ip, dm->nregions);
	if (IS_ERR(dm))
		return PTR_ERR(dm);
	dm->pending = 0;
	dm->nspans = xfs_dm_spans_clip(dm->spans, dm->nspans, xfs_dm_eof(ip));
	return xfs_dm_record_commit(ip, dm);
}
