// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of files, as the manager sees and sets them
 *
 * One structure describes an object to the manager, whether it asks for one or
 * scans a file system: what stat() would say, and what DMAPI keeps of it.
 * Sizes, blocks and times are those of the inode; blocks that are elsewhere do
 * not count.
 *
 * The change indicator is the inode's change counter, which every transaction
 * that logs the inode core increases: a change of owner, mode, times, extended
 * attributes, DM attributes, of the list of blocks.  Overwritten data need not
 * come to one.  So when a single file is asked about, its data is armed as for
 * DMAPI_GET_CHANGE (xfs_dm_version.c): whoever is about to change it clears a
 * bit of the inode core first, which is such a transaction and on the device
 * before the change begins.  A scan cannot do that for a million files.  It
 * marks the counter as seen, in memory, upon which the next time stamp counts;
 * stores into pages that are mapped and dirty escape that, and so does what a
 * crash takes away.
 *
 * Setting attributes restores what an archive knows.  Nothing happens that was
 * not asked for: no event, no time stamp but those given, no dropped set-user-ID
 * bit.  Limits of quota are for users; what is used moves from owner to owner
 * nevertheless.  The size changes under the manager's own lock, and never so
 * that an offline byte becomes part of a page of zeros.
 */
#include "xfs_dm_compat.h"
#include "xfs_acl.h"
#include "xfs_bmap_btree.h"
#include "xfs_icache.h"
#include "xfs_iomap.h"
#include "xfs_quota.h"
#include "xfs_trans.h"
#include "xfs_trans_space.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/crc32c.h>
#include <linux/iversion.h>
#include <linux/kdev_t.h>
#include <linux/posix_acl.h>
#include <linux/uaccess.h>

static_assert(sizeof(struct dmapi_stat) == 184);
static_assert(sizeof(struct dmapi_xstat) == 192);
static_assert(sizeof(struct dmapi_fileattr) == 64);

/* --- What an object is like ---------------------------------------------- */

/* What stat() says, and what XFS has besides. */
static void
xfs_dm_stat_core(struct xfs_inode *ip, struct dmapi_stat *st)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct inode		*inode = VFS_I(ip);

	xfs_ilock(ip, XFS_ILOCK_SHARED);
	st->dev = new_encode_dev(inode->i_sb->s_dev);
	st->ino = xfs_dm_ino(ip);
	st->mode = inode->i_mode;
	st->nlink = inode->i_nlink;
	st->uid = from_kuid(&init_user_ns, inode->i_uid);
	st->gid = from_kgid(&init_user_ns, inode->i_gid);
	st->size = XFS_ISIZE(ip);
	st->atime = inode_get_atime_sec(inode);
	st->mtime = inode_get_mtime_sec(inode);
	st->ctime = inode_get_ctime_sec(inode);
	st->blksize = mp->m_sb.sb_blocksize;
	if (S_ISBLK(inode->i_mode) || S_ISCHR(inode->i_mode)) {
		st->rdev = new_encode_dev(inode->i_rdev);
		st->blksize = BLKDEV_IOSIZE;
	}
	st->blocks = XFS_FSB_TO_BB(mp, ip->i_nblocks + ip->i_delayed_blks);
	st->igen = inode->i_generation;
	st->xflags = xfs_ip2xflags(ip) & DMAPI_XFLAG_ALL;
	st->extsize = XFS_FSB_TO_B(mp, ip->i_extsize);
	st->extents = min_t(u64, xfs_ifork_nextents(&ip->i_df), U32_MAX);
	st->aextents = min_t(u64, xfs_ifork_nextents(&ip->i_af), U16_MAX);
	st->dmstate = ip->i_dmstate;
	xfs_iunlock(ip, XFS_ILOCK_SHARED);
}

/* What the regions of a file are armed for; @pmanreg: there are some. */
static int
xfs_dm_stat_regions(struct xfs_inode *ip, struct dmapi_stat *st, u32 *flags)
{
	const struct xfs_dm_inode	*dm;
	int				error;

	error = xfs_dm_inode_load(ip);
	if (error)
		return error;
	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	*flags = xfs_dm_regions_union(dm->regions, dm->nregions);
	st->pmanreg = dm->nregions > 0;
	rcu_read_unlock();
	return 0;
}

/*
 * The change counter.  File systems of the old format have none: the data's
 * number and ctime must do there.
 */
static u32
xfs_dm_stat_change(struct xfs_inode *ip)
{
	struct inode			*inode = VFS_I(ip);
	struct timespec64		ctime;
	const struct xfs_dm_inode	*dm;
	struct {
		u64			change;
		s64			sec;
		u64			nsec;
	} old = { };

	/* Of what has no data every change logs the inode core. */
	if (IS_I_VERSION(inode))
		return S_ISREG(inode->i_mode) ? inode_query_iversion(inode) :
						inode_peek_iversion(inode);
	rcu_read_lock();
	dm = rcu_dereference(ip->i_dm);
	if (dm)
		old.change = dm->change;
	rcu_read_unlock();
	ctime = inode_get_ctime(inode);
	old.sec = ctime.tv_sec;
	old.nsec = ctime.tv_nsec;
	return crc32c(~0U, &old, sizeof(old));
}

/**
 * xfs_dm_stat() - describe an object
 * @ip: the object, not under ILOCK
 * @mask: DMAPI_AT_*, what of it
 * @st: result; what @mask does not name stays
 *
 * DMAPI_AT_CFLAG arms nothing here.
 *
 * Return: 0, or what reading DMAPI's state gave.
 */
int
xfs_dm_stat(struct xfs_inode *ip, u32 mask, struct dmapi_stat *st)
{
	struct dmapi_stat	dm = { };
	u32			flags = 0;
	int			any = 0, error;

	if (mask & DMAPI_AT_STAT)
		xfs_dm_stat_core(ip, st);
	/* The counter first: it must not know of what the rest does not. */
	if (mask & DMAPI_AT_CFLAG) {
		if (!IS_I_VERSION(VFS_I(ip))) {
			error = xfs_dm_inode_load(ip);
			if (error)
				return error;
		}
		st->change = xfs_dm_stat_change(ip);
	}
	if ((mask & (DMAPI_AT_EMASK | DMAPI_AT_PMANR)) &&
	    S_ISREG(VFS_I(ip)->i_mode)) {
		error = xfs_dm_stat_regions(ip, &dm, &flags);
		if (error)
			return error;
	}
	if (mask & DMAPI_AT_EMASK) {
		st->emask = xfs_dm_events(ip) | (flags << XFS_DMW_REGION_SHIFT);
		st->nevents = DMAPI_EVENT_MAX;
	}
	if (mask & DMAPI_AT_PMANR)
		st->pmanreg = dm.pmanreg;
	if (mask & (DMAPI_AT_PATTR | DMAPI_AT_DTIME)) {
		any = xfs_dm_attr_any(ip);
		if (any < 0)
			return any;
	}
	if (mask & DMAPI_AT_PATTR)
		st->pers = any;
	if ((mask & DMAPI_AT_DTIME) && any)
		st->dtime = inode_get_ctime_sec(VFS_I(ip));
	return 0;
}

/*
 * The change counter of a file whose next change of data will count.  1 if so, 0 if
 * it cannot be armed: then it counts as far as in a scan.
 */
static int
xfs_dm_stat_arm(struct xfs_inode *ip, u32 *change)
{
	struct rw_semaphore	*ro_lock = &ip->i_mount->m_dm->ro_lock;
	u64			number;
	int			error;

	if (!S_ISREG(VFS_I(ip)->i_mode))
		return 0;
	error = down_read_killable(ro_lock);
	if (error)
		return error;
	error = -EOPNOTSUPP;
	if (!xfs_is_readonly(ip->i_mount))
		error = xfs_dm_version_ask(ip, &number, change);
	up_read(ro_lock);
	if (error)
		return error == -EOPNOTSUPP ? 0 : error;
	return IS_I_VERSION(VFS_I(ip));
}

/* DMAPI_GET_FILEATTR */
static long
xfs_dm_op_get_fileattr(struct xfs_dm_call *call)
{
	struct dmapi_get_fileattr *arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	struct dmapi_stat	st = { };
	u32			mask = arg->mask ? arg->mask : XFS_DM_AT_ALL;
	bool			change = mask & DMAPI_AT_CFLAG;
	long			ret;

	if ((mask & ~XFS_DM_AT_ALL) || arg->pad)
		return -EINVAL;
	if (change) {
		ret = xfs_dm_stat_arm(ip, &st.change);
		if (ret < 0)
			return ret;
		if (ret)
			mask &= ~DMAPI_AT_CFLAG;
	}
	ret = xfs_dm_stat(ip, mask, &st);
	/* What is told must not be told again for something else. */
	if (!ret && change)
		ret = xfs_log_force_inode(ip);
	if (ret)
		return ret;
	if (copy_to_user(u64_to_user_ptr(arg->statp), &st, sizeof(st)))
		return -EFAULT;
	return 0;
}

/* --- Setting them ---------------------------------------------------------- */

#define XFS_DM_AT_OWNER	(DMAPI_AT_UID | DMAPI_AT_GID)
#define XFS_DM_AT_TIMES	(DMAPI_AT_ATIME | DMAPI_AT_MTIME | DMAPI_AT_CTIME | \
			 DMAPI_AT_DTIME)
#define XFS_DM_AT_SET	(DMAPI_AT_MODE | XFS_DM_AT_OWNER | XFS_DM_AT_TIMES | \
			 DMAPI_AT_SIZE)

/* A call of DMAPI_SET_FILEATTR */
struct xfs_dm_set {
	struct dmapi_fileattr	fa;
	u32			mask;
	kuid_t			uid;
	kgid_t			gid;
	struct xfs_dquot	*udqp;	/* the new owner's */
	struct xfs_dquot	*gdqp;
};

/*
 * The new size, in the log before blocks go.  Page cache and tail are as the
 * size wants them.
 */
static int
xfs_dm_size_commit(struct xfs_inode *ip, u64 oldsize, u64 newsize)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_trans	*tp;
	uint			resblks = 0;
	int			error;

	if (xfs_inode_has_bigrtalloc(ip))
		resblks = XFS_DIOSTRAT_SPACE_RES(mp, 0);
	error = xfs_trans_alloc(mp, &M_RES(mp)->tr_itruncate, resblks, 0,
				XFS_TRANS_RESERVE, &tp);
	if (error)
		return error;
	xfs_ilock(ip, XFS_ILOCK_EXCL);
	xfs_trans_ijoin(tp, ip, 0);
	ip->i_disk_size = newsize;
	xfs_trans_log_inode(tp, ip, XFS_ILOG_CORE);
	if (newsize < oldsize) {
		error = xfs_itruncate_extents(&tp, ip, XFS_DATA_FORK, newsize);
		if (error) {
			xfs_trans_cancel(tp);
			goto out_unlock;
		}
		xfs_iflags_set(ip, XFS_ITRUNCATED);
		xfs_inode_clear_eofblocks_tag(ip);
	}
	error = xfs_trans_commit(tp);
out_unlock:
	xfs_iunlock(ip, XFS_ILOCK_EXCL);
	return error;
}

/* The file is locked by xfs_dm_lock(), and no I/O is under way. */
static int
xfs_dm_set_size(struct xfs_inode *ip, u64 newsize)
{
	struct inode		*inode = VFS_I(ip);
	u64			oldsize = XFS_ISIZE(ip);
	int			error;

	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
#if XFS_DM_BASE >= 703
	if (xfs_is_zoned_inode(ip))
		return -EOPNOTSUPP;
#endif
	if (newsize == oldsize)
		return 0;
	error = xfs_dm_tail_offline(ip, min(oldsize, newsize));
	if (error > 0)
		error = -EBUSY;
	if (!error)
		error = xfs_dm_changing(ip, false);
	if (!error && newsize > oldsize)
		error = xfs_dm_grow(ip, newsize, newsize, 0);
	else if (!error)
		error = xfs_dm_shrink(ip);
	if (error)
		return error;

	if (newsize > oldsize)
		error = xfs_dm_zero_range(ip, oldsize, newsize - oldsize);
	else
		error = xfs_dm_truncate_page(ip, newsize);
	if (error)
		return error;
	truncate_setsize(inode, newsize);
	/* What is dirty below the size must not come behind it to the disk. */
	error = filemap_write_and_wait_range(inode->i_mapping, ip->i_disk_size,
					     newsize - 1);
	if (error)
		return error;
	error = xfs_dm_size_commit(ip, oldsize, newsize);
	if (!error && newsize < oldsize)
		atomic64_inc(&ip->i_mount->m_dm->freed);
	return error;
}

/* An access list says what the group may do, too.  IOLOCK held. */
static int
xfs_dm_set_acl(struct xfs_inode *ip, umode_t mode)
{
	struct inode		*inode = VFS_I(ip);
	struct posix_acl	*acl;
	int			error;

	if (!IS_POSIXACL(inode) || S_ISLNK(inode->i_mode))
		return 0;
	acl = get_inode_acl(inode, ACL_TYPE_ACCESS);
	if (IS_ERR_OR_NULL(acl))
		return PTR_ERR_OR_ZERO(acl);
	error = __posix_acl_chmod(&acl, GFP_KERNEL, mode);
	if (error)
		return error;
	error = __xfs_set_acl(inode, acl, ACL_TYPE_ACCESS);
	posix_acl_release(acl);
	return error;
}

static struct timespec64
xfs_dm_set_time(struct inode *inode, s64 sec)
{
	struct timespec64	ts = { .tv_sec = sec };

	return timestamp_truncate(ts, inode);
}

/* ILOCK held, in a transaction. */
static void
xfs_dm_set_times(struct xfs_inode *ip, const struct xfs_dm_set *set,
		 struct timespec64 ctime)
{
	const struct dmapi_fileattr *fa = &set->fa;
	struct inode		*inode = VFS_I(ip);
	struct timespec64	now = inode_get_ctime(inode);

	if (set->mask & DMAPI_AT_ATIME)
		inode_set_atime_to_ts(inode, xfs_dm_set_time(inode, fa->atime));
	if (set->mask & DMAPI_AT_MTIME)
		inode_set_mtime_to_ts(inode, xfs_dm_set_time(inode, fa->mtime));
	if (set->mask & DMAPI_AT_CTIME)
		ctime = xfs_dm_set_time(inode, fa->ctime);
	else if (set->mask & DMAPI_AT_DTIME)
		ctime = xfs_dm_set_time(inode, fa->dtime);
	if (!timespec64_equal(&now, &ctime))
		inode_set_ctime_to_ts(inode, ctime);
}

/*
 * Everything but the size, in one transaction.  @ctime is what it was, which a
 * change of the access list has changed.
 */
static int
xfs_dm_set_core(struct xfs_inode *ip, const struct xfs_dm_set *set,
		struct timespec64 ctime)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct inode		*inode = VFS_I(ip);
	struct xfs_dquot	*old_udqp = NULL, *old_gdqp = NULL;
	struct xfs_trans	*tp;
	int			error;

	error = xfs_trans_alloc_ichange(ip, set->udqp, set->gdqp, NULL, true,
					&tp);
	if (error)
		return error;
	if ((set->mask & DMAPI_AT_UID) && !uid_eq(inode->i_uid, set->uid)) {
		if (XFS_IS_UQUOTA_ON(mp))
			old_udqp = xfs_qm_vop_chown(tp, ip, &ip->i_udquot,
						    set->udqp);
		inode->i_uid = set->uid;
	}
	if ((set->mask & DMAPI_AT_GID) && !gid_eq(inode->i_gid, set->gid)) {
		if (XFS_IS_GQUOTA_ON(mp))
			old_gdqp = xfs_qm_vop_chown(tp, ip, &ip->i_gdquot,
						    set->gdqp);
		inode->i_gid = set->gid;
	}
	if (set->mask & DMAPI_AT_MODE)
		inode->i_mode = (inode->i_mode & S_IFMT) |
				(set->fa.mode & S_IALLUGO);
	xfs_dm_set_times(ip, set, ctime);
	xfs_trans_log_inode(tp, ip, XFS_ILOG_CORE);
	error = xfs_trans_commit(tp);
	xfs_qm_dqrele(old_udqp);
	xfs_qm_dqrele(old_gdqp);
	return error;
}

/* The file is locked by xfs_dm_lock(). */
static int
xfs_dm_set_locked(struct xfs_inode *ip, struct xfs_dm_set *set)
{
	struct timespec64	ctime = inode_get_ctime(VFS_I(ip));
	int			error = 0, any;

	if (set->mask & DMAPI_AT_DTIME) {
		any = xfs_dm_attr_any(ip);
		if (any < 0)
			return any;
		if (!any)
			set->mask &= ~DMAPI_AT_DTIME;
	}
	if (set->mask & DMAPI_AT_SIZE)
		error = xfs_dm_set_size(ip, set->fa.size);
	if (!error && (set->mask & DMAPI_AT_MODE))
		error = xfs_dm_set_acl(ip, set->fa.mode);
	if (!error && (set->mask & ~DMAPI_AT_SIZE))
		error = xfs_dm_set_core(ip, set, ctime);
	return error;
}

/* What can be said of the values without a look at the file's data. */
static int
xfs_dm_set_check(struct xfs_inode *ip, struct xfs_dm_set *set)
{
	struct inode		*inode = VFS_I(ip);

	if (set->mask & DMAPI_AT_UID) {
		set->uid = make_kuid(&init_user_ns, set->fa.uid);
		if (!uid_valid(set->uid))
			return -EINVAL;
	}
	if (set->mask & DMAPI_AT_GID) {
		set->gid = make_kgid(&init_user_ns, set->fa.gid);
		if (!gid_valid(set->gid))
			return -EINVAL;
	}
	if (set->mask & DMAPI_AT_SIZE) {
		if (S_ISDIR(inode->i_mode))
			return -EISDIR;
		if (!S_ISREG(inode->i_mode) || set->fa.size < 0)
			return -EINVAL;
		if (set->fa.size > inode->i_sb->s_maxbytes)
			return -EFBIG;
	}
	return 0;
}

/* The new owners' accounts, before anything is locked. */
static int
xfs_dm_set_dquots(struct xfs_inode *ip, struct xfs_dm_set *set)
{
	struct xfs_mount	*mp = ip->i_mount;
	kuid_t			uid = VFS_I(ip)->i_uid;
	kgid_t			gid = VFS_I(ip)->i_gid;
	uint			flags = 0;
	int			error;

	error = xfs_qm_dqattach(ip);
	if (error)
		return error;
	if ((set->mask & DMAPI_AT_UID) && XFS_IS_UQUOTA_ON(mp)) {
		uid = set->uid;
		flags |= XFS_QMOPT_UQUOTA;
	}
	if ((set->mask & DMAPI_AT_GID) && XFS_IS_GQUOTA_ON(mp)) {
		gid = set->gid;
		flags |= XFS_QMOPT_GQUOTA;
	}
	if (!flags)
		return 0;
	return xfs_qm_vop_dqalloc(ip, uid, gid, ip->i_projid, flags,
				  &set->udqp, &set->gdqp, NULL);
}

/* DMAPI_SET_FILEATTR */
static long
xfs_dm_op_set_fileattr(struct xfs_dm_call *call)
{
	struct dmapi_set_fileattr *arg = (void *)call->arg.bytes;
	struct xfs_inode	*ip = call->ip;
	struct xfs_dm_set	set = { .mask = arg->mask };
	long			error;

	if ((arg->mask & ~XFS_DM_AT_SET) || arg->pad)
		return -EINVAL;
	if (copy_from_user(&set.fa, u64_to_user_ptr(arg->attrp),
			   sizeof(set.fa)))
		return -EFAULT;
	error = xfs_dm_set_check(ip, &set);
	if (error || !set.mask)
		return error;
	error = xfs_dm_set_dquots(ip, &set);
	if (error)
		return error;
	error = xfs_dm_lock(ip, set.mask & DMAPI_AT_SIZE ?
			    XFS_DM_LOCK_LAYOUT : 0);
	if (!error) {
		error = xfs_dm_set_locked(ip, &set);
		xfs_dm_unlock(ip);
	}
	xfs_qm_dqrele(set.udqp);
	xfs_qm_dqrele(set.gdqp);
	return error;
}

const struct xfs_dm_op xfs_dm_fileattr_ops[] = {
	{
		.number	= DMAPI_GET_FILEATTR,
		.size	= sizeof(struct dmapi_get_fileattr),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYINODE |
			  XFS_DM_OP_WORKER,
		.call	= xfs_dm_op_get_fileattr,
	},
	{
		.number	= DMAPI_SET_FILEATTR,
		.size	= sizeof(struct dmapi_set_fileattr),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_ANYINODE |
			  XFS_DM_OP_WRITE,
		.call	= xfs_dm_op_set_fileattr,
	},
	{ },
};
