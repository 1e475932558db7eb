// SPDX-License-Identifier: GPL-2.0-only
/*
 * The in-core state of an inode, and its witness
 *
 * di_dmevmask and di_dmstate are the two words of the inode core that belong to
 * DMAPI.  Kernels without this code carry them along, and xfs_repair keeps
 * them.  Bits of ours in the first say that the file has a record, and whether
 * it has spans.  The second is derived from the inode's number and generation:
 * a kernel that knows nothing of this frees and reuses an inode with the words
 * still in it, and the new file must not inherit them.
 *
 * The state is read when a file is opened, with nothing held: every way to a
 * file's data begins with an open.  Whoever arrives without one (truncate by
 * path, a call by handle) reads it before it does anything.  If the guard finds
 * that nobody has, it believes the witness.
 */
#include "xfs_dm_compat.h"
#include "xfs_error.h"
#include "xfs_log.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/crc32c.h>

const struct xfs_dm_inode xfs_dm_none;

/* Generations of states; one counter for all, so that none comes twice. */
static atomic64_t xfs_dm_generation = ATOMIC64_INIT(1);

/* An inode was allocated. */
void
xfs_dm_inode_init(struct xfs_inode *ip)
{
	RCU_INIT_POINTER(ip->i_dm, NULL);
	ip->i_dmevmask = 0;
	ip->i_dmstate = 0;
	ip->i_dm_asked = false;
	atomic_set(&ip->i_dm_pins, 0);
	ip->i_dm_hold = false;
	/* @xfs-dm-lists { */
	ip->i_dm_events = 0;
	ip->i_dm_born = 0;
	/* } @xfs-dm-lists */
	/* @xfs-dm-rights { */
	ip->i_dm_right = DMAPI_RIGHT_NULL;
	ip->i_dm_object = NULL;
	/* } @xfs-dm-rights */
}

static void
xfs_dm_inode_release(struct xfs_dm_inode *dm)
{
	if (dm && dm != &xfs_dm_none)
		kvfree_rcu(dm, rcu);
}

/**
 * xfs_dm_inode_drop() - forget the state, it will be read again
 * @ip: the inode, which nobody uses
 */
void
xfs_dm_inode_drop(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm;

	spin_lock(&ip->i_flags_lock);
	dm = rcu_dereference_protected(ip->i_dm,
				       lockdep_is_held(&ip->i_flags_lock));
	RCU_INIT_POINTER(ip->i_dm, NULL);
	/* @xfs-dm-lists { */
	ip->i_dm_events = 0;
	ip->i_dm_born = 0;
	/* } @xfs-dm-lists */
	spin_unlock(&ip->i_flags_lock);
	xfs_dm_inode_release(dm);
}

/**
 * xfs_dm_inode_free() - the inode's memory goes
 * @ip: the inode, after an RCU grace period
 */
void
xfs_dm_inode_free(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm = rcu_dereference_protected(ip->i_dm, 1);

	if (dm && dm != &xfs_dm_none)
		kvfree(dm);
	RCU_INIT_POINTER(ip->i_dm, NULL);
	/* @xfs-dm-rights { */
	kfree(ip->i_dm_object);
	ip->i_dm_object = NULL;
	/* } @xfs-dm-rights */
}

/**
 * xfs_dm_inode_clear() - the inode is freed on disk
 * @ip: the inode, ILOCK held exclusively; the caller logs it
 */
void
xfs_dm_inode_clear(struct xfs_inode *ip)
{
	ip->i_dmevmask = 0;
	ip->i_dmstate = 0;
	ip->i_dm_asked = false;
	xfs_dm_inode_drop(ip);
}

void
xfs_dm_inode_from_disk(struct xfs_inode *ip, const struct xfs_dinode *from)
{
	ip->i_dmevmask = be32_to_cpu(from->di_dmevmask);
	ip->i_dmstate = be16_to_cpu(from->di_dmstate);
	ip->i_dm_asked = xfs_dm_witness_valid(ip) &&
			 (ip->i_dmevmask & XFS_DMW_ASKED);
	if (xfs_dm_witness_valid(ip) && (ip->i_dmevmask & XFS_DMW_SPANS))
		xfs_dm_cap_folios(ip);
}

void
xfs_dm_inode_to_disk(const struct xfs_inode *ip, struct xfs_dinode *to)
{
	to->di_dmevmask = cpu_to_be32(ip->i_dmevmask);
	to->di_dmstate = cpu_to_be16(ip->i_dmstate);
}

void
xfs_dm_inode_to_log(const struct xfs_inode *ip, struct xfs_log_dinode *to)
{
	to->di_dmevmask = ip->i_dmevmask;
	to->di_dmstate = ip->i_dmstate;
}

/* What di_dmstate must be for the witness to be this inode's own. */
static u16
xfs_dm_witness_state(const struct xfs_inode *ip)
{
	__be64			ino = cpu_to_be64(xfs_dm_ino(ip));
	__be32			gen = cpu_to_be32(VFS_IC(ip)->i_generation);
	u32			crc = crc32c(~0U, &ino, sizeof(ino));

	crc = crc32c(crc, &gen, sizeof(gen));
	crc = (crc >> 16) ^ (crc & 0xffff);
	return crc ? crc : 1;
}

/**
 * xfs_dm_witness_own() - do the words in the inode core belong to this inode?
 * @ip: the inode
 */
bool
xfs_dm_witness_own(const struct xfs_inode *ip)
{
	return ip->i_dmevmask && ip->i_dmstate == xfs_dm_witness_state(ip);
}

/**
 * xfs_dm_witness_valid() - does the inode core say that there is a record?
 * @ip: the inode
 */
bool
xfs_dm_witness_valid(const struct xfs_inode *ip)
{
	return (READ_ONCE(ip->i_dmevmask) & XFS_DMW_OURS) &&
	       xfs_dm_witness_own(ip);
}

/* What the witness would be without the bits of @clear, and with those of @set. */
static u32
xfs_dm_witness_with(const struct xfs_inode *ip, u32 clear, u32 set)
{
	u32			mask = xfs_dm_witness_own(ip) ? ip->i_dmevmask : 0;

	return (mask & ~clear) | set;
}

static bool
xfs_dm_witness_is(const struct xfs_inode *ip, u32 mask)
{
	return mask == ip->i_dmevmask && (!mask || xfs_dm_witness_own(ip));
}

/**
 * xfs_dm_witness_update() - change bits of the witness
 * @ip: the inode, not under ILOCK
 * @clear: these go,
 * @set: and these come
 *
 * A transaction of its own that changes no time stamp, and is cancelled if
 * nothing would change.
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_witness_update(struct xfs_inode *ip, u32 clear, u32 set)
{
	struct xfs_mount	*mp = ip->i_mount;
	struct xfs_trans	*tp;
	u32			mask;
	int			error;

	error = xfs_trans_alloc(mp, &M_RES(mp)->tr_ichange, 0, 0,
				XFS_TRANS_RESERVE, &tp);
	if (error)
		return error;
	xfs_ilock(ip, XFS_ILOCK_EXCL);
	mask = xfs_dm_witness_with(ip, clear, set);
	if (xfs_dm_witness_is(ip, mask)) {
		xfs_trans_cancel(tp);
		xfs_iunlock(ip, XFS_ILOCK_EXCL);
		return 0;
	}
	xfs_trans_ijoin(tp, ip, XFS_ILOCK_EXCL);
	WRITE_ONCE(ip->i_dmevmask, mask);
	WRITE_ONCE(ip->i_dmstate, mask ? xfs_dm_witness_state(ip) : 0);
	xfs_trans_log_inode(tp, ip, XFS_ILOG_CORE);
	return xfs_trans_commit(tp);
}

/* @xfs-dm-lists { */
/**
 * xfs_dm_witness_born() - a new inode's witness
 * @ip: the inode, ILOCK held exclusively, logged by the caller
 * @mask: di_dmevmask
 */
void
xfs_dm_witness_born(struct xfs_inode *ip, u32 mask)
{
	WRITE_ONCE(ip->i_dmevmask, mask);
	WRITE_ONCE(ip->i_dmstate, xfs_dm_witness_state(ip));
}

/* } @xfs-dm-lists */
/**
 * xfs_dm_witness_set() - change what the witness says of the record
 * @ip: the inode, not under ILOCK
 * @ours: XFS_DMW_RECORD and XFS_DMW_SPANS as they apply
 * @regions: union of the regions' flags
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_witness_set(struct xfs_inode *ip, u32 ours, u32 regions)
{
	u32			clear = XFS_DMW_OURS | XFS_DMW_REGIONS;
	u32			set;

	clear |= XFS_DMW_BORN;					/* @xfs-dm-lists */
	/* Without a record there is no number that anybody was told. */
	if (!ours)
		clear |= XFS_DMW_ASKED;
	set = ours | (regions << XFS_DMW_REGION_SHIFT);
	/* Mostly nothing changes.  The IOLOCK keeps all bits but ASKED. */
	if (xfs_dm_witness_is(ip, xfs_dm_witness_with(ip, clear, set)))
		return 0;
	return xfs_dm_witness_update(ip, clear, set);
}

/**
 * xfs_dm_witness_asked() - set or clear XFS_DMW_ASKED, durably
 * @ip: the inode, not under ILOCK; it has a valid witness
 * @asked: what it shall be
 *
 * A transaction of its own, like that of a time stamp.  On return it is in the
 * log on the device, also if somebody else was faster.
 *
 * Return: 0 or a negated errno.
 */
int
xfs_dm_witness_asked(struct xfs_inode *ip, bool asked)
{
	int			error;

	error = xfs_dm_witness_update(ip, XFS_DMW_ASKED,
				      asked ? XFS_DMW_ASKED : 0);
	return error ? error : xfs_log_force_inode(ip);
}

/**
 * xfs_dm_cap_folios() - no folio may straddle the edge of a span
 * @ip: the inode
 *
 * A folio that holds offline and resident bytes can never become up to date as
 * a whole, and readers of the resident part would fail.  Folios that are in the
 * cache already do not matter: what a punch touches leaves the cache whole.
 *
 * mapping_set_folio_order_range() is not for inodes in use because it could
 * lose another flag; this does the same by compare and exchange.
 */
void
xfs_dm_cap_folios(struct xfs_inode *ip)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	struct address_space	*mapping = VFS_I(ip)->i_mapping;
	unsigned long		old = READ_ONCE(mapping->flags);
	unsigned long		new;

	do {
		unsigned long	min = (old & AS_FOLIO_ORDER_MIN_MASK) >>
				      AS_FOLIO_ORDER_MIN;

		new = (old & ~AS_FOLIO_ORDER_MASK) |
		      (min << AS_FOLIO_ORDER_MIN) |
		      (min << AS_FOLIO_ORDER_MAX);
	} while (!try_cmpxchg(&mapping->flags, &old, new));
#endif
}

/**
 * xfs_dm_eof() - where spans end at the latest
 * @ip: the file
 *
 * Return: the file's size, rounded up to a block, in bytes.
 */
u64
xfs_dm_eof(struct xfs_inode *ip)
{
	return roundup_64(i_size_read(VFS_I(ip)), i_blocksize(VFS_I(ip)));
}

/**
 * xfs_dm_inode_alloc() - memory for a state
 * @nregions: how many regions it has
 */
struct xfs_dm_inode *
xfs_dm_inode_alloc(unsigned int nregions)
{
	struct xfs_dm_inode	*dm;

	dm = kvzalloc(struct_size(dm, regions, nregions), GFP_KERNEL);
	if (!dm)
		return NULL;
	dm->nregions = nregions;
	return dm;
}

/**
 * xfs_dm_inode_dup() - a copy of a file's state, to change it
 * @ip: the file, locked by xfs_dm_lock() and loaded
 * @nregions: room for this many regions; as many as fit are copied
 *
 * Spans beyond the end of the file are left out, unless they are of bytes to
 * come: they are from before a truncation.  If the file has a witness without a
 * readable record, all of it is a span of the copy, until somebody knows better.
 *
 * Return: the copy, or ERR_PTR(-ENOMEM).
 */
struct xfs_dm_inode *
xfs_dm_inode_dup(struct xfs_inode *ip, unsigned int nregions)
{
	const struct xfs_dm_inode	*old;
	struct xfs_dm_inode		*dm;

	xfs_assert_ilocked(ip, XFS_IOLOCK_EXCL);

	dm = xfs_dm_inode_alloc(nregions);
	if (!dm)
		return ERR_PTR(-ENOMEM);
	old = rcu_dereference_protected(ip->i_dm, 1);
	if (!old)
		return dm;
	dm->change = old->change;
	if (old->broken) {
		dm->spans[0].start = 0;
		dm->spans[0].end = max_t(u64, xfs_dm_eof(ip), 1);
		dm->nspans = 1;
	} else {
		dm->nspans = old->nspans;
		memcpy(dm->spans, old->spans,
		       old->nspans * sizeof(old->spans[0]));
	}
	dm->pending = old->pending;
	if (!dm->pending)
		dm->nspans = xfs_dm_spans_clip(dm->spans, dm->nspans,
					       xfs_dm_eof(ip));
	memcpy(dm->regions, old->regions, min(nregions, old->nregions) *
	       sizeof(old->regions[0]));
	return dm;
}

/** xfs_dm_inode_is_empty() - does a state say nothing? */
bool
xfs_dm_inode_is_empty(const struct xfs_dm_inode *dm)
{
	return !dm->nregions && !dm->nspans && !dm->change && !dm->broken &&
	       !dm->pending;
}

/**
 * xfs_dm_inode_publish() - replace the state
 * @ip: the file, IOLOCK held exclusively
 * @dm: the new state, which belongs to the inode from here on
 */
void
xfs_dm_inode_publish(struct xfs_inode *ip, struct xfs_dm_inode *dm)
{
	struct xfs_dm_inode	*old;
	bool			empty;

	dm->gen = atomic64_inc_return(&xfs_dm_generation);
	dm->writer = NULL;
	empty = xfs_dm_inode_is_empty(dm);
	/* @xfs-dm-rights { */
	/* Whoever has none does not look for rights. */
	empty = empty && !READ_ONCE(ip->i_dm_right);
	/* } @xfs-dm-rights */
	if (empty) {
		kvfree(dm);
		dm = (struct xfs_dm_inode *)&xfs_dm_none;
	}
	spin_lock(&ip->i_flags_lock);
	old = rcu_dereference_protected(ip->i_dm,
					lockdep_is_held(&ip->i_flags_lock));
	rcu_assign_pointer(ip->i_dm, dm);
	spin_unlock(&ip->i_flags_lock);
	xfs_dm_inode_release(old);
}

/**
 * xfs_dm_inode_load() - read the state if nobody has
 * @ip: the inode; not under ILOCK
 *
 * Return: 0; then ip->i_dm is not NULL.  Negated errno if the record could not
 * be read for a reason that may pass.
 */
int
xfs_dm_inode_load(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm = (struct xfs_dm_inode *)&xfs_dm_none;
	bool			witness;
	int			error;

	if (rcu_access_pointer(ip->i_dm))
		return 0;

	witness = xfs_dm_witness_valid(ip);
	if (S_ISREG(VFS_I(ip)->i_mode) && !xfs_dm_is_internal(ip) &&
	    (witness || xfs_dm_is_managed(ip->i_mount))) {
		error = xfs_dm_record_read(ip, &dm);
		/* @xfs-dm-lists { */
		if (error == -ENODATA && !witness) {
			error = xfs_dm_born_regions(ip, &dm);
			if (error == -ENOMEM)
				return error;
		}
		/* } @xfs-dm-lists */
		if (error == -EFSCORRUPTED || (error == -ENODATA && witness)) {
			xfs_alert_ratelimited(ip->i_mount,
					      "inode 0x%llx: DMAPI record %s, all of the file counts as offline",
					      (unsigned long long)xfs_dm_ino(ip),
					      error == -ENODATA ? "lost" : "unreadable");
			dm = xfs_dm_inode_alloc(0);
			if (!dm)
				return -ENOMEM;
			dm->broken = true;
		} else if (error && error != -ENODATA) {
			return error;
		}
	}

	/*
	 * Spans beyond the end of the file stay for now: they are on disk, and
	 * xfs_dm_grow() must see them to take them from there.
	 */
	if (dm != &xfs_dm_none) {
		dm->gen = atomic64_inc_return(&xfs_dm_generation);
		if (dm->nspans || dm->broken)
			xfs_dm_cap_folios(ip);
	}

	spin_lock(&ip->i_flags_lock);
	if (!rcu_access_pointer(ip->i_dm)) {
		rcu_assign_pointer(ip->i_dm, dm);
		dm = NULL;
	}
	spin_unlock(&ip->i_flags_lock);
	if (dm && dm != &xfs_dm_none)
		kvfree(dm);
	return 0;
}
