/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What XFS calls
 *
 * Every hook in an existing file is one call of something here.  Without
 * CONFIG_XFS_DMAPI all of it is empty; with it, and nothing managed, it is one
 * static branch or one comparison of a pointer.
 *
 * There are two kinds.  The guard is the argument for correctness: it stands
 * where mappings are handed out, knows nothing of events, sessions or mount
 * options, and never lets an offline byte pass as a zero.  Events are the
 * courtesy that makes a reader wait instead; they come first, with nothing
 * held, and may be wrong.
 */
#ifndef __XFS_DM_HOOKS_H__
#define __XFS_DM_HOOKS_H__

struct xfs_attr_list_context;
struct xfs_da_args;
struct xfs_dinode;
struct xfs_dm_inode;
struct xfs_inode;
struct xfs_log_dinode;
struct xfs_mount;
struct iomap;
struct iov_iter;
struct kiocb;

/**
 * struct xfs_dm_read - a read on its way through the checks
 * @gen: the file's generation when it was let through
 * @admitted: the application has answered an event for this very read
 * @retry: the check under the lock wants the read to begin again
 */
struct xfs_dm_read {
	u64			gen;
	bool			admitted;
	bool			retry;
};

#ifdef CONFIG_XFS_DMAPI

#include <linux/jump_label.h>

#include "xfs_inode.h"

/* Some mounted file system is managed. */
DECLARE_STATIC_KEY_FALSE(xfs_dm_managed_key);

/* What ip->i_dm points to if the file has no DM state. */
extern const struct xfs_dm_inode xfs_dm_none;

/* This file may have offline bytes: it is worth the look. */
#define xfs_dm_guarded(ip) \
	unlikely(rcu_access_pointer((ip)->i_dm) != &xfs_dm_none)

/* The inode and its witness: xfs_dm_inode.c */
void xfs_dm_inode_init(struct xfs_inode *ip);
void xfs_dm_inode_drop(struct xfs_inode *ip);
void xfs_dm_inode_free(struct xfs_inode *ip);
void xfs_dm_inode_clear(struct xfs_inode *ip);
void xfs_dm_inode_from_disk(struct xfs_inode *ip,
			    const struct xfs_dinode *from);
void xfs_dm_inode_to_disk(const struct xfs_inode *ip, struct xfs_dinode *to);
void xfs_dm_inode_to_log(const struct xfs_inode *ip,
			 struct xfs_log_dinode *to);
int xfs_dm_inode_load(struct xfs_inode *ip);

/* Mounts: xfs_dm_mount.c */
#define xfs_dm_is_shown(mp)	((mp)->m_dm_managed)
int xfs_dm_mount(struct xfs_mount *mp);
void xfs_dm_unmount(struct xfs_mount *mp);
void xfs_dm_shutdown(struct xfs_mount *mp);
int xfs_dm_init(void);
void xfs_dm_exit(void);

/* The guard: xfs_dm_guard.c */
int __xfs_dm_guard_read(struct xfs_inode *ip, unsigned int flags,
			xfs_fileoff_t start, xfs_fileoff_t *end, struct iomap *iomap);
int __xfs_dm_guard_write(struct xfs_inode *ip, unsigned int flags,
			 xfs_fileoff_t start, xfs_fileoff_t end);
int __xfs_dm_refuse(struct xfs_inode *ip, loff_t pos, u64 len);
int __xfs_dm_refuse_shift(struct xfs_inode *ip, loff_t pos);
int __xfs_dm_refuse_swap(struct xfs_inode *ip);
int __xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize);

/*
 * ILOCK held.  1: @iomap was filled for a caller who asks where data is;
 * negative: the block at @start is offline.  Otherwise @end may have moved to
 * where the answer may change.
 */
static inline int
xfs_dm_guard_read(struct xfs_inode *ip, unsigned int flags, xfs_fileoff_t start,
		  xfs_fileoff_t *end, struct iomap *iomap)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_guard_read(ip, flags, start, end, iomap);
	return 0;
}

/* ILOCK held.  Only the manager writes where a byte is offline. */
static inline int
xfs_dm_guard_write(struct xfs_inode *ip, unsigned int flags,
		   xfs_fileoff_t start, xfs_fileoff_t end)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_guard_write(ip, flags, start, end);
	return 0;
}

/* IOLOCK or mmap_lock held.  EIO if a byte of the range is offline. */
static inline int
xfs_dm_refuse(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_refuse(ip, pos, len);
	return 0;
}

/* IOLOCK held.  Everything from @pos on is about to move. */
static inline int
xfs_dm_refuse_shift(struct xfs_inode *ip, loff_t pos)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_refuse_shift(ip, pos);
	return 0;
}

/* IOLOCK held.  The whole extent map is about to change hands. */
static inline int
xfs_dm_refuse_swap(struct xfs_inode *ip)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_refuse_swap(ip);
	return 0;
}

/* IOLOCK held exclusively.  The file is about to end at @newsize. */
static inline int
xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_setattr_size(ip, newsize);
	return 0;
}

/* IOLOCK held exclusively.  A fallocate call is about to begin. */
int __xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len);
static inline int
xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_fallocate(ip, mode, pos, len);
	return 0;
}

/* IOLOCK held.  A write is about to begin; false in @excl if it is shared. */
int __xfs_dm_write_checks(struct xfs_inode *ip, loff_t pos, size_t count,
			  bool excl);
static inline int
xfs_dm_write_checks(struct xfs_inode *ip, loff_t pos, size_t count, bool excl)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_write_checks(ip, pos, count, excl);
	return 0;
}

/* IOLOCK held exclusively.  Another file's blocks are about to come here. */
int __xfs_dm_remap_dest(struct xfs_inode *ip, loff_t pos, u64 len);
static inline int
xfs_dm_remap_dest(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_remap_dest(ip, pos, len);
	return 0;
}

bool __xfs_dm_wants_excl(struct xfs_inode *ip, loff_t end);
static inline bool
xfs_dm_wants_excl(struct xfs_inode *ip, loff_t end)
{
	return xfs_dm_guarded(ip) && __xfs_dm_wants_excl(ip, end);
}

/* Attributes changed by others: xfs_dm_foreign.c.  1: not ours, go on. */
int xfs_dm_foreign_set(struct xfs_da_args *args, int op);
bool xfs_dm_foreign_is_ours(struct xfs_da_args *args);

/* Reads: xfs_dm_read.c */
int __xfs_dm_read_enter(struct kiocb *iocb, struct iov_iter *to,
			struct xfs_dm_read *dr);
int __xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to,
			 struct xfs_dm_read *dr);

/* Nothing held: may wait.  Sets up @dr. */
static inline int
xfs_dm_read_enter(struct kiocb *iocb, struct iov_iter *to,
		  struct xfs_dm_read *dr)
{
	dr->retry = false;
	if (static_branch_unlikely(&xfs_dm_managed_key))
		return __xfs_dm_read_enter(iocb, to, dr);
	return 0;
}

/* IOLOCK held: never waits, may ask for the read to begin again. */
static inline int
xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to,
		   struct xfs_dm_read *dr)
{
	if (static_branch_unlikely(&xfs_dm_managed_key))
		return __xfs_dm_read_locked(iocb, to, dr);
	return 0;
}

static inline bool
xfs_dm_read_retry(struct xfs_dm_read *dr)
{
	return dr->retry;
}

static inline void
xfs_dm_read_start(struct xfs_dm_read *dr)
{
	dr->admitted = false;
	dr->gen = 0;
}

#else /* !CONFIG_XFS_DMAPI */

static inline void xfs_dm_inode_init(struct xfs_inode *ip)
{
}

static inline void xfs_dm_inode_drop(struct xfs_inode *ip)
{
}

static inline void xfs_dm_inode_free(struct xfs_inode *ip)
{
}

static inline void xfs_dm_inode_clear(struct xfs_inode *ip)
{
}

static inline void
xfs_dm_inode_from_disk(struct xfs_inode *ip, const struct xfs_dinode *from)
{
}

static inline void
xfs_dm_inode_to_disk(struct xfs_inode *ip, struct xfs_dinode *to)
{
}

static inline int xfs_dm_inode_load(struct xfs_inode *ip)
{
	return 0;
}

static inline bool xfs_dm_is_shown(struct xfs_mount *mp)
{
	return false;
}

static inline int xfs_dm_mount(struct xfs_mount *mp)
{
	return 0;
}

static inline void xfs_dm_unmount(struct xfs_mount *mp)
{
}

static inline void xfs_dm_shutdown(struct xfs_mount *mp)
{
}

static inline int xfs_dm_init(void)
{
	return 0;
}

static inline void xfs_dm_exit(void)
{
}

static inline int
xfs_dm_guard_read(struct xfs_inode *ip, unsigned int flags,
		  xfs_fileoff_t start, xfs_fileoff_t *end,
		  struct iomap *iomap)
{
	return 0;
}

static inline int
xfs_dm_guard_write(struct xfs_inode *ip, unsigned int flags,
		   xfs_fileoff_t start, xfs_fileoff_t end)
{
	return 0;
}

static inline int xfs_dm_refuse(struct xfs_inode *ip, loff_t pos, u64 len)
{
	return 0;
}

static inline int xfs_dm_refuse_shift(struct xfs_inode *ip, loff_t pos)
{
	return 0;
}

static inline int xfs_dm_refuse_swap(struct xfs_inode *ip)
{
	return 0;
}

static inline int xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize)
{
	return 0;
}

static inline int
xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len)
{
	return 0;
}

static inline int
xfs_dm_write_checks(struct xfs_inode *ip, loff_t pos, size_t count,
		    bool excl)
{
	return 0;
}

static inline int xfs_dm_remap_dest(struct xfs_inode *ip, loff_t pos, u64 len)
{
	return 0;
}

static inline bool xfs_dm_wants_excl(struct xfs_inode *ip, loff_t end)
{
	return false;
}

static inline int xfs_dm_foreign_set(struct xfs_da_args *args, int op)
{
	return 1;
}

static inline bool xfs_dm_foreign_is_ours(struct xfs_da_args *args)
{
	return false;
}

static inline void xfs_dm_read_start(struct xfs_dm_read *dr)
{
}

static inline int
xfs_dm_read_enter(struct kiocb *iocb, struct iov_iter *to,
		  struct xfs_dm_read *dr)
{
	return 0;
}

static inline int
xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to,
		   struct xfs_dm_read *dr)
{
	return 0;
}

static inline bool xfs_dm_read_retry(struct xfs_dm_read *dr)
{
	return false;
}

#endif /* CONFIG_XFS_DMAPI */

#endif /* __XFS_DM_HOOKS_H__ */
