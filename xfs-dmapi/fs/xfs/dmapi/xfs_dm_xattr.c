// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes in the root namespace, replaced atomically
 *
 * DM attributes say where the archive's copy of a file is, the record says
 * which of its bytes are there only.  A crash may leave the old value or the
 * new one, never neither.
 *
 * xfs_attr_set() nearly gives that.  In the leaf and node forms of the fork the
 * new value is added beside the old one and one transaction swaps the two.  In
 * the short form both are in the inode and change in one transaction, too,
 * unless the new value does not fit: then the old one is removed, the fork is
 * converted to a leaf and that is committed before the new value is added.  A
 * crash in between has lost the attribute.
 *
 * So if a value is about to outgrow the inode, the fork is converted first, in
 * a transaction of its own, with the old value in it.  The set that follows
 * finds a leaf.
 *
 * There, a crash before the old value is gone leaves it behind, marked as
 * incomplete.  The kernel does not mind, but xfs_repair clears the whole fork
 * when it meets such a thing, and the new value with it.  So as long as a fork
 * is a single leaf and both values fit into it, as nearly all do, old and new
 * change places in one transaction, and nothing is ever incomplete.
 *
 * Callers hold the IOLOCK exclusively, so that nobody comes between the two
 * steps.  Somebody who changes other attributes of the inode may (attributes by
 * handle take no IOLOCK); at worst the fork shrinks back to the short form and
 * has room, or the conversion was for nothing.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_attr.h"
#include "xfs_attr_sf.h"
#include "xfs_attr_leaf.h"
#include "xfs_bmap.h"
#include "xfs_quota.h"
#include "xfs_trans.h"
#include "xfs_trans_space.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/**
 * xfs_dm_xattr_args() - say which attribute of the root namespace is meant
 * @args: result
 * @ip: the inode
 * @name: without the namespace
 * @namelen: bytes
 */
void
xfs_dm_xattr_args(struct xfs_da_args *args, struct xfs_inode *ip,
		  const char *name, int namelen)
{
	memset(args, 0, sizeof(*args));
	args->dp = ip;
	args->owner = xfs_dm_ino(ip);
	args->geo = ip->i_mount->m_attr_geo;
	args->whichfork = XFS_ATTR_FORK;
	args->attr_filter = XFS_ATTR_ROOT;
	args->name = name;
	args->namelen = namelen;
	args->op_flags = XFS_DA_OP_OKNOENT | XFS_DA_OP_NOTIME;
	xfs_attr_sethash(args);
}

/**
 * xfs_dm_xattr_read() - read an attribute of the root namespace
 * @ip: the inode; not under ILOCK
 * @name: without the namespace
 * @namelen: bytes
 * @value: room for the value
 * @lenp: in: how much room, bytes; result: the value's length
 *
 * Return: 0, -ENODATA if there is none, -ERANGE if it takes more room, or what
 * reading gave.
 */
int
xfs_dm_xattr_read(struct xfs_inode *ip, const char *name, int namelen,
		  void *value, int *lenp)
{
	struct xfs_da_args	args;
	int			error;

	xfs_dm_xattr_args(&args, ip, name, namelen);
	args.value = value;
	args.valuelen = *lenp;
	error = xfs_attr_get(&args);
	*lenp = args.valuelen;
	return error;
}

/* Room for what is not looked at twice: nearly all records and attributes. */
#define XFS_DM_XATTR_SMALL	512

/**
 * xfs_dm_xattr_get() - read an attribute of the root namespace
 * @ip: the inode; not under ILOCK
 * @name: without the namespace
 * @namelen: bytes
 * @valuep: result: the value, for kvfree()
 * @lenp: result: its length, bytes
 *
 * Return: 0, -ENODATA if there is none, or what reading gave.
 */
int
xfs_dm_xattr_get(struct xfs_inode *ip, const char *name, int namelen,
		 void **valuep, int *lenp)
{
	void			*value;
	int			len = XFS_DM_XATTR_SMALL;
	int			error;

	if (xfs_is_shutdown(ip->i_mount))
		return -EIO;
	if (!xfs_inode_has_attr_fork(ip))
		return -ENODATA;
	for (;;) {
		*lenp = len;
		value = kvmalloc(len, GFP_KERNEL);
		if (!value)
			return -ENOMEM;
		error = xfs_dm_xattr_read(ip, name, namelen, value, lenp);
		if (!error)
			break;
		kvfree(value);
		if (error != -ERANGE || len == XFS_XATTR_SIZE_MAX)
			return error;
		/* It may grow before we come again: the most there is. */
		len = XFS_XATTR_SIZE_MAX;
	}
	*valuep = value;
	return 0;
}

/* Would the fork, with the old value gone, have room for the new one? */
static bool
xfs_dm_xattr_outgrows(struct xfs_da_args *args)
{
	struct xfs_inode		*ip = args->dp;
	struct xfs_attr_sf_entry	*sfe;
	int				size;

	if (ip->i_af.if_format != XFS_DINODE_FMT_LOCAL || !ip->i_af.if_data)
		return false;
	sfe = xfs_attr_sf_findname(args);
	if (!sfe)
		return false;
	if (args->valuelen >= XFS_ATTR_SF_ENTSIZE_MAX)
		return true;
	size = xfs_attr_sf_totsize(ip) - xfs_attr_sf_entsize(sfe) +
	       xfs_attr_sf_entsize_byname(args->namelen, args->valuelen);
	return !xfs_attr_shortform_bytesfit(ip, size);
}

static int
xfs_dm_xattr_make_leaf(struct xfs_da_args *args)
{
	struct xfs_inode	*ip = args->dp;
	struct xfs_trans_res	tres;
	int			local, error;

	xfs_ilock(ip, XFS_ILOCK_SHARED);
	error = xfs_dm_xattr_outgrows(args);
	xfs_iunlock(ip, XFS_ILOCK_SHARED);
	if (!error)
		return 0;

	args->total = xfs_attr_calc_size(args, &local);
	tres = xfs_attr_set_resv(args);
	error = xfs_trans_alloc_inode(ip, &tres, args->total, 0, true,
				      &args->trans);
	if (error)
		return error;
	if (xfs_dm_xattr_outgrows(args))
		error = xfs_attr_shortform_to_leaf(args);
	if (error) {
		xfs_trans_cancel(args->trans);
	} else {
		xfs_trans_log_inode(args->trans, ip, XFS_ILOG_CORE);
		error = xfs_trans_commit(args->trans);
	}
	xfs_iunlock(ip, XFS_ILOCK_EXCL);
	args->trans = NULL;
	return error;
}

/*
 * Can the value in @bp that @args found be replaced there?  Then what has to be
 * done cannot fail half way.
 */
static bool
xfs_dm_xattr_fits(struct xfs_da_args *args, struct xfs_buf *bp)
{
	struct xfs_attr_leafblock	*leaf = bp->b_addr;
	struct xfs_attr3_icleaf_hdr	ichdr;
	struct xfs_attr_leaf_name_local	*old;
	struct xfs_attr_leaf_entry	*entry;
	int				room, local, size;

	size = xfs_attr_leaf_newentsize(args, &local);
	entry = &xfs_attr3_leaf_entryp(leaf)[args->index];
	if (!local || !(entry->flags & XFS_ATTR_LOCAL))
		return false;

	old = xfs_attr3_leaf_name_local(leaf, args->index);
	xfs_attr3_leaf_hdr_from_disk(args->geo, &ichdr, leaf);
	room = args->geo->blksize - xfs_attr3_leaf_hdr_size(leaf) -
	       ichdr.count * sizeof(*entry) - ichdr.usedbytes;
	room += xfs_attr_leaf_entsize_local(args->namelen,
					    be16_to_cpu(old->valuelen));
	return size <= room;
}

/* Old and new value change places: 1 if so, 0 if it takes more than that. */
static int
xfs_dm_xattr_swap(struct xfs_da_args *args)
{
	struct xfs_inode	*ip = args->dp;
	struct xfs_attr3_icleaf_hdr ichdr;
	struct xfs_trans_res	tres;
	struct xfs_buf		*bp;
	int			local, error;

	xfs_ilock(ip, XFS_ILOCK_SHARED);
	local = xfs_inode_has_attr_fork(ip) && xfs_attr_is_leaf(ip);
	xfs_iunlock(ip, XFS_ILOCK_SHARED);
	if (!local)
		return 0;

	args->total = xfs_attr_calc_size(args, &local);
	tres = xfs_attr_set_resv(args);
	error = xfs_trans_alloc_inode(ip, &tres, args->total, 0, true,
				      &args->trans);
	if (error)
		return error;
	if (!xfs_attr_is_leaf(ip))
		goto out_cancel;
	error = xfs_attr3_leaf_read(args->trans, ip, args->owner, 0, &bp);
	if (error)
		goto out_cancel;
	if (xfs_attr3_leaf_lookup_int(bp, args) != -EEXIST ||
	    !xfs_dm_xattr_fits(args, bp))
		goto out_cancel;

	error = xfs_attr3_leaf_remove(bp, args);
	if (error < 0)
		goto out_cancel;
	/*
	 * The map of free pieces has room for three and may have lost one.  All
	 * of the room can be used if the leaf is taken for one with holes.
	 */
	xfs_attr3_leaf_hdr_from_disk(args->geo, &ichdr, bp->b_addr);
	ichdr.holes = 1;
	xfs_attr3_leaf_hdr_to_disk(args->geo, bp->b_addr, &ichdr);
	error = xfs_attr3_leaf_lookup_int(bp, args);
	ASSERT(error == -ENOATTR);
	if (error != -ENOATTR || !xfs_attr3_leaf_add(bp, args)) {
		error = -EFSCORRUPTED;
		goto out_cancel;
	}
	if (!(args->op_flags & XFS_DA_OP_NOTIME))
		xfs_trans_ichgtime(args->trans, ip, XFS_ICHGTIME_CHG);
	xfs_trans_log_inode(args->trans, ip, XFS_ILOG_CORE);
	error = xfs_trans_commit(args->trans);
	xfs_iunlock(ip, XFS_ILOCK_EXCL);
	args->trans = NULL;
	return error ? error : 1;

out_cancel:
	xfs_trans_cancel(args->trans);
	xfs_iunlock(ip, XFS_ILOCK_EXCL);
	args->trans = NULL;
	return error;
}

/**
 * xfs_dm_xattr_set() - set, replace or remove an attribute
 * @ip: the inode, IOLOCK held exclusively
 * @name: without the namespace
 * @namelen: bytes
 * @value: the value, or NULL to remove the attribute
 * @len: its length, bytes
 * @ctime: let the inode's ctime change
 *
 * Root attributes may use reserved blocks: this works on a full file system.
 *
 * Return: 0, -ENODATA if there is none to remove, or a negated errno.
 */
int
xfs_dm_xattr_set(struct xfs_inode *ip, const char *name, int namelen,
		 void *value, int len, bool ctime)
{
	struct xfs_da_args	args;
	int			error;

	xfs_assert_ilocked(ip, XFS_IOLOCK_EXCL);

	if (xfs_is_shutdown(ip->i_mount))
		return -EIO;
	error = xfs_qm_dqattach(ip);
	if (error)
		return error;

	if (value) {
		xfs_dm_xattr_args(&args, ip, name, namelen);
		args.value = value;
		args.valuelen = len;
		error = xfs_dm_xattr_make_leaf(&args);
		if (error)
			return error;

		xfs_dm_xattr_args(&args, ip, name, namelen);
		args.value = value;
		args.valuelen = len;
		if (ctime)
			args.op_flags &= ~XFS_DA_OP_NOTIME;
		error = xfs_dm_xattr_swap(&args);
		if (error)
			return min(error, 0);
	}

	xfs_dm_xattr_args(&args, ip, name, namelen);
	if (ctime)
		args.op_flags &= ~XFS_DA_OP_NOTIME;
	if (!value)
		return xfs_attr_set(&args, XFS_ATTRUPDATE_REMOVE, true);
	args.value = value;
	args.valuelen = len;
	return xfs_attr_set(&args, XFS_ATTRUPDATE_UPSERT, true);
}

/* @xfs-dm-inherit { */
/**
 * xfs_dm_xattr_add() - give an attribute to an inode that nobody else knows of
 * @ip: the inode, which has no name yet, with its dquots
 * @name: without the namespace
 * @namelen: bytes
 * @value: the value
 * @len: its length, bytes
 *
 * A user's doing, so reserved blocks are not for this.
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_xattr_add(struct xfs_inode *ip, const char *name, int namelen,
		 void *value, int len)
{
	struct xfs_da_args	args;

	xfs_dm_xattr_args(&args, ip, name, namelen);
	args.value = value;
	args.valuelen = len;
	return xfs_attr_set(&args, XFS_ATTRUPDATE_CREATE, false);
}
/* } @xfs-dm-inherit */
