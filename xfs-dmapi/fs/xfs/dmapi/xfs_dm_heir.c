// SPDX-License-Identifier: GPL-2.0-only
/*
 * New objects that inherit DM attributes
 *
 * Where a list says so (xfs_dm_inherit.c), a new object has the DM attributes of
 * its directory from the beginning: after a crash it is there with all of them,
 * or it is not there.  An error in the course of this is the creation's.
 *
 * Small values are in the inode, in the short form of the attribute fork, and so
 * are part of the transaction that creates it.  They are read before it begins,
 * in the form that they will have on disk; what that transaction reserves covers
 * the whole inode anyway.  This is what xfs_create() does with args->dm_attrs, at
 * no cost but that of reading.
 *
 * What does not fit needs blocks, and values have up to 64 KiB: no transaction
 * takes all of that, and intents for attributes are experimental and not on
 * every file system's disk.  So the object is made in three steps:
 *
 *	1. an inode without a name, on the list of unlinked inodes, like O_TMPFILE;
 *	2. its attributes, in as many transactions as that takes;
 *	3. one transaction takes it off that list and gives it its name.
 *
 * After a crash before the last one log recovery frees the inode.  Nobody can
 * find it meanwhile: it is XFS_INEW until the caller is done.
 *
 * A symbolic link shares its inode with its target and always takes the three
 * steps; the target is part of the first.  An O_TMPFILE ends with the second.  A
 * whiteout that a renaming leaves behind inherits nothing.
 *
 * The directory's IOLOCK is held, under which DM attributes change.  Attributes
 * by handle do without, so each value is one that the directory had meanwhile.
 */
#include "xfs_dm_compat.h"
#include "xfs_da_format.h"
#include "xfs_da_btree.h"
#include "xfs_ag.h"
#include "xfs_attr.h"
#include "xfs_attr_leaf.h"
#include "xfs_attr_sf.h"
#include "xfs_bmap_btree.h"
#include "xfs_dir2.h"
#include "xfs_ialloc.h"
#include "xfs_inode_fork.h"
#include "xfs_parent.h"
#include "xfs_quota.h"
#include "xfs_symlink.h"
#include "xfs_symlink_remote.h"
#include "xfs_trans.h"
#include "xfs_trans_space.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_inherit.h"

static bool
xfs_dm_heir_takes(const struct dmapi_inherit *entry, umode_t mode)
{
	return !entry->filetype || entry->filetype == (mode & S_IFMT);
}

/* The list, if an object of this type may inherit something. */
static struct xfs_dm_inherit *
xfs_dm_heir_list(struct xfs_inode *dp, umode_t mode)
{
	struct xfs_dm_mount	*dm = dp->i_mount->m_dm;
	struct xfs_dm_inherit	*list;
	unsigned int		i;

	if (!dm || !rcu_access_pointer(dm->inherit) || xfs_dm_is_internal(dp))
		return NULL;
	list = xfs_dm_inherit_get(dm);
	for (i = 0; list && i < list->n; i++) {
		if (xfs_dm_heir_takes(&list->entries[i], mode))
			return list;
	}
	xfs_dm_inherit_put(list);
	return NULL;
}

/* Bytes that the short form may have in a new inode. */
static unsigned int
xfs_dm_heir_room(struct xfs_mount *mp, umode_t mode)
{
	unsigned int		data;

	if (S_ISREG(mode) || S_ISDIR(mode))
		data = xfs_bmdr_space_calc(MINDBTPTRS);
	else
		data = sizeof(xfs_dev_t);
	return XFS_LITINO(mp) - roundup(data, 8);
}

/*
 * Read what an object inherits in the form that it has in an inode: *@sfp, for
 * kfree(), NULL if there is nothing.  1 if there is more than fits, 0 or an errno
 * else.
 */
static int
xfs_dm_heir_read(struct xfs_inode *dp, const struct xfs_dm_inherit *list,
		 umode_t mode, struct xfs_attr_sf_hdr **sfp)
{
	int			room = xfs_dm_heir_room(dp->i_mount, mode);
	struct xfs_attr_sf_entry *sfe;
	struct xfs_attr_sf_hdr	*sf;
	struct xfs_da_args	args;
	char			name[XFS_DM_ATTR_NAME_MAX];
	unsigned int		i;
	int			namelen, left, error;

	sf = kzalloc(room, GFP_KERNEL);
	if (!sf)
		return -ENOMEM;
	sf->totsize = cpu_to_be16(sizeof(*sf));
	for (i = 0; i < list->n; i++) {
		if (!xfs_dm_heir_takes(&list->entries[i], mode))
			continue;
		namelen = xfs_dm_attr_encode(list->entries[i].name, name);
		sfe = xfs_attr_sf_endptr(sf);
		left = room - be16_to_cpu(sf->totsize) -
		       xfs_attr_sf_entsize_byname(namelen, 0);
		xfs_dm_xattr_args(&args, dp, name, namelen);
		if (left > 0) {
			args.value = sfe->nameval + namelen;
			args.valuelen = min(left, XFS_ATTR_SF_ENTSIZE_MAX - 1);
		}
		error = xfs_attr_get(&args);
		if (error == -ENODATA)
			continue;
		if (error == -ERANGE || (!error && args.valuelen > max(left, 0)) ||
		    (!error && left < 0)) {
			error = 1;
			goto out_free;
		}
		if (error)
			goto out_free;
		sfe->namelen = namelen;
		sfe->valuelen = args.valuelen;
		memcpy(sfe->nameval, name, namelen);
		sf->count++;
		be16_add_cpu(&sf->totsize, xfs_attr_sf_entsize(sfe));
	}
	error = 0;
	if (sf->count) {
		*sfp = sf;
		return 0;
	}
out_free:
	kfree(sf);
	*sfp = NULL;
	return error;
}

/*
 * An inode was created, in a transaction that has logged it, with an empty
 * attribute fork.  It was settled before that this fits.
 */
void
__xfs_dm_inherit(struct xfs_trans *tp, const struct xfs_attr_sf_hdr *from,
		 struct xfs_inode *ip)
{
	struct xfs_attr_sf_hdr	*sf = (struct xfs_attr_sf_hdr *)from;
	struct xfs_attr_sf_entry *sfe = xfs_attr_sf_firstentry(sf);
	struct xfs_da_args	args;
	unsigned int		i;
	int			size = sizeof(*sf), forkoff;

	for (i = 0; i < sf->count; i++) {
		xfs_dm_xattr_args(&args, ip, sfe->nameval, sfe->namelen);
		args.value = sfe->nameval + sfe->namelen;
		args.valuelen = sfe->valuelen;
		args.trans = tp;
		if (!i)
			xfs_attr_shortform_create(&args);
		size += xfs_attr_sf_entsize(sfe);
		forkoff = xfs_attr_shortform_bytesfit(ip, size);
		if (!forkoff) {
			ASSERT(0);
			xfs_force_shutdown(ip->i_mount,
					   SHUTDOWN_CORRUPT_INCORE);
			return;
		}
		xfs_attr_shortform_add(&args, forkoff);
		sfe = xfs_attr_sf_nextentry(sfe);
	}
}

/* The first step, of a symbolic link. */
static int
xfs_dm_heir_make_symlink(const struct xfs_icreate_args *args,
			 const char *target, struct xfs_inode **ipp)
{
	struct xfs_inode	*dp = args->pip;
	struct xfs_mount	*mp = dp->i_mount;
	struct xfs_inode	*ip = NULL;
	struct xfs_dquot	*udqp, *gdqp, *pdqp;
	struct xfs_trans	*tp;
	int			len = strlen(target);
	xfs_filblks_t		blocks = 0;
	xfs_ino_t		ino;
	int			error;

	if (len > XFS_LITINO(mp) || xfs_has_parent(mp))
		blocks = xfs_symlink_blocks(mp, len);
	error = xfs_icreate_dqalloc(args, &udqp, &gdqp, &pdqp);
	if (error)
		return error;
	error = xfs_trans_alloc_icreate(mp, &M_RES(mp)->tr_symlink, udqp, gdqp,
					pdqp, XFS_IALLOC_SPACE_RES(mp) + blocks,
					&tp);
	if (error)
		goto out_rele;
	error = xfs_dialloc(&tp, args, &ino);
	if (!error)
		error = xfs_icreate(tp, ino, args, &ip);
	if (error)
		goto out_cancel;
	xfs_qm_vop_create_dqattach(tp, ip, udqp, gdqp, pdqp);
	error = xfs_symlink_write_target(tp, ip, xfs_dm_ino(ip), target, len,
					 blocks, blocks);
	if (error)
		goto out_cancel;
	i_size_write(VFS_I(ip), ip->i_disk_size);
	error = xfs_iunlink(tp, ip);
	if (error)
		goto out_cancel;
	if (xfs_has_wsync(mp))
		xfs_trans_set_sync(tp);
	error = xfs_trans_commit(tp);
	goto out_unlock;

out_cancel:
	xfs_trans_cancel(tp);
out_unlock:
	if (ip)
		xfs_iunlock(ip, XFS_ILOCK_EXCL);
	if (ip && error) {
		xfs_finish_inode_setup(ip);
		xfs_irele(ip);
		ip = NULL;
	}
	*ipp = ip;
out_rele:
	xfs_qm_dqrele(udqp);
	xfs_qm_dqrele(gdqp);
	xfs_qm_dqrele(pdqp);
	return error;
}

/* The first step: an inode without a name, of any type. */
static int
xfs_dm_heir_make(const struct xfs_icreate_args *from, const char *target,
		 struct xfs_inode **ipp)
{
	struct xfs_icreate_args	args = *from;
	int			error;

	args.flags |= XFS_ICREATE_TMPFILE;
	if (S_ISLNK(args.mode)) {
		error = xfs_dm_heir_make_symlink(&args, target, ipp);
	} else {
		args.flags |= XFS_ICREATE_INIT_XATTRS;
		error = xfs_create_tmpfile(&args, ipp);
	}
	/* If it ends before it begins, there is nothing to be told of. */
	if (!error)
		WRITE_ONCE((*ipp)->i_dm_events,
			   (*ipp)->i_dm_events | XFS_DM_UNBORN);
	return error;
}

/* The second step: values as they are now, one at a time. */
static int
xfs_dm_heir_endow(struct xfs_inode *dp, const struct xfs_dm_inherit *list,
		  struct xfs_inode *ip)
{
	char			name[XFS_DM_ATTR_NAME_MAX];
	unsigned int		i;
	void			*value;
	int			namelen, len, error;

	if (xfs_ifork_zapped(dp, XFS_ATTR_FORK))
		return -EFSCORRUPTED;
	for (i = 0; i < list->n; i++) {
		if (!xfs_dm_heir_takes(&list->entries[i], VFS_I(ip)->i_mode))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		namelen = xfs_dm_attr_encode(list->entries[i].name, name);
		error = xfs_dm_xattr_get(dp, name, namelen, &value, &len);
		if (error == -ENODATA)
			continue;
		if (error)
			return error;
		error = xfs_dm_xattr_add(ip, name, namelen, value, len);
		kvfree(value);
		if (error)
			return error;
	}
	return 0;
}

/* The third step: off the list of unlinked inodes, into the directory. */
static int
xfs_dm_heir_name(struct xfs_inode *dp, struct xfs_name *name,
		 struct xfs_inode *ip)
{
	struct xfs_dir_update	du = {
		.dp		= dp,
		.name		= name,
		.ip		= ip,
	};
	struct xfs_mount	*mp = dp->i_mount;
	unsigned int		resblks = xfs_link_space_res(mp, name->len);
	struct xfs_perag	*pag;
	struct xfs_trans	*tp;
	int			error, nospace_error;

	error = xfs_qm_dqattach(dp);
	if (error)
		return error;
	error = xfs_parent_start(mp, &du.ppargs);
	if (error)
		return error;
	error = xfs_trans_alloc_dir(dp, &M_RES(mp)->tr_link, ip, &resblks, &tp,
				    &nospace_error);
	if (error) {
		if (error == -ENOSPC && nospace_error)
			error = nospace_error;
		goto out_parent;
	}
	error = nospace_error;
	if (error)
		goto out_cancel;

	pag = xfs_perag_get(mp, XFS_INO_TO_AGNO(mp, xfs_dm_ino(ip)));
	error = xfs_iunlink_remove(tp, pag, ip);
	xfs_perag_put(pag);
	if (error)
		goto out_cancel;
	set_nlink(VFS_I(ip), S_ISDIR(VFS_I(ip)->i_mode) ? 2 : 1);
	xfs_trans_log_inode(tp, ip, XFS_ILOG_CORE);
	error = xfs_dir_create_child(tp, resblks, &du);
	if (error)
		goto out_cancel;
	if (xfs_has_wsync(mp) || xfs_has_dirsync(mp))
		xfs_trans_set_sync(tp);
	error = xfs_trans_commit(tp);
	goto out_unlock;

out_cancel:
	xfs_trans_cancel(tp);
out_unlock:
	xfs_iunlock(dp, XFS_ILOCK_EXCL);
	xfs_iunlock(ip, XFS_ILOCK_EXCL);
out_parent:
	xfs_parent_finish(mp, du.ppargs);
	return error;
}

/* All of the steps; the last one is not for what has no @name. */
static int
xfs_dm_heir_create(const struct xfs_icreate_args *args,
		   const struct xfs_dm_inherit *list, struct xfs_name *name,
		   const char *target, struct xfs_inode **ipp)
{
	struct xfs_inode	*dp = args->pip;
	struct xfs_inode	*ip;
	int			error;

	if (xfs_is_shutdown(dp->i_mount))
		return -EIO;
	if (xfs_ifork_zapped(dp, XFS_DATA_FORK))
		return -EIO;
	error = xfs_dm_heir_make(args, target, &ip);
	if (error)
		return error;
	error = xfs_dm_heir_endow(dp, list, ip);
	if (!error && name)
		error = xfs_dm_heir_name(dp, name, ip);
	if (error) {
		xfs_finish_inode_setup(ip);
		xfs_irele(ip);
		return error;
	}
	WRITE_ONCE(ip->i_dm_events, ip->i_dm_events & ~XFS_DM_UNBORN);
	*ipp = ip;
	return 0;
}

/* xfs_create(), the directory's IOLOCK held exclusively. */
int
__xfs_dm_create(const struct xfs_icreate_args *args, struct xfs_name *name,
		struct xfs_inode **ipp)
{
	struct xfs_icreate_args	with = *args;
	struct xfs_attr_sf_hdr	*sf = NULL;
	struct xfs_dm_inherit	*list;
	int			error;

	list = xfs_dm_heir_list(args->pip, args->mode);
	if (!list)
		return xfs_create(args, name, ipp);
	if (xfs_ifork_zapped(args->pip, XFS_ATTR_FORK))
		error = -EFSCORRUPTED;
	else
		error = xfs_dm_heir_read(args->pip, list, args->mode, &sf);
	if (error > 0) {
		error = xfs_dm_heir_create(args, list, name, NULL, ipp);
	} else if (!error) {
		if (sf) {
			with.dm_attrs = sf;
			with.flags |= XFS_ICREATE_INIT_XATTRS;
		}
		error = xfs_create(&with, name, ipp);
	}
	kfree(sf);
	xfs_dm_inherit_put(list);
	return error;
}

/* xfs_create_tmpfile(), nothing held. */
int
__xfs_dm_create_tmpfile(const struct xfs_icreate_args *args,
			struct xfs_inode **ipp)
{
	struct xfs_inode	*dp = args->pip;
	struct xfs_dm_inherit	*list;
	int			error;

	list = xfs_dm_heir_list(dp, args->mode);
	if (!list)
		return xfs_create_tmpfile(args, ipp);
	xfs_ilock(dp, XFS_IOLOCK_SHARED);
	error = xfs_dm_heir_create(args, list, NULL, NULL, ipp);
	xfs_iunlock(dp, XFS_IOLOCK_SHARED);
	xfs_dm_inherit_put(list);
	return error;
}

/* xfs_symlink(), the directory's IOLOCK held exclusively. */
int
__xfs_dm_symlink(struct mnt_idmap *idmap, struct xfs_inode *dp,
		 struct xfs_name *name, const char *target, umode_t mode,
		 struct xfs_inode **ipp)
{
	struct xfs_icreate_args	args = {
		.idmap		= idmap,
		.pip		= dp,
		.mode		= S_IFLNK | (mode & ~S_IFMT),
	};
	struct xfs_dm_inherit	*list;
	int			error;

	list = xfs_dm_heir_list(dp, args.mode);
	if (!list)
		return xfs_symlink(idmap, dp, name, target, mode, ipp);
	if (strlen(target) >= XFS_SYMLINK_MAXLEN)
		error = -ENAMETOOLONG;
	else if (dp->i_diflags & XFS_DIFLAG_NOSYMLINKS)
		error = -EPERM;
	else
		error = xfs_dm_heir_create(&args, list, name, target, ipp);
	xfs_dm_inherit_put(list);
	return error;
}
