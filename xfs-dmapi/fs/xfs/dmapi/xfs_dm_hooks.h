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

struct fs_parameter;	/* @xfs-dm-mounting */
struct kstat;
struct seq_file;	/* @xfs-dm-mounting */
struct xfs_attr_list_context;
struct xfs_bstat;
struct xfs_ibulk;
struct xfs_da_args;
struct xfs_dinode;
struct xfs_dm_inode;
struct xfs_inode;
struct xfs_log_dinode;
struct xfs_mount;
struct iomap;
struct iov_iter;
struct kiocb;

#include <linux/dmapi_scope.h>
#include <linux/mm.h>
#include <linux/uio.h>

#ifdef CONFIG_XFS_DMAPI

#include "xfs_inode.h"

/* @xfs-dm-show { */
#include <linux/stat.h>
#include <uapi/linux/dmapi.h>

/* } @xfs-dm-show */
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
#define xfs_dm_is_shown(mp)	((mp)->m_dm)
bool xfs_dm_shows_lazy(struct xfs_mount *mp);
int xfs_dm_mount(struct xfs_mount *mp);
void xfs_dm_unmount(struct xfs_mount *mp);
void xfs_dm_shutdown(struct xfs_mount *mp);
int xfs_dm_remount_ro_begin(struct xfs_mount *mp);
void xfs_dm_remount_ro_end(struct xfs_mount *mp);
void xfs_dm_umount_begin(struct xfs_mount *mp);
#define xfs_dm_is_refused(mp)	((mp)->m_dm_optout)	/* @xfs-dm-mark */
int xfs_dm_remount(struct xfs_mount *mp, const struct xfs_mount *options);	/* @xfs-dm-mark */
void xfs_dm_kill_sb(struct xfs_mount *mp);
/* @xfs-dm-mounting { */
void xfs_dm_set_source(struct xfs_mount *mp, const char *source);
void xfs_dm_set_mtpt(struct xfs_mount *mp, struct fs_parameter *param);
void xfs_dm_show_mounting(struct seq_file *m, const struct xfs_mount *mp);
void xfs_dm_free_mounting(struct xfs_mount *mp);
void xfs_dm_farewell_send(struct xfs_mount *mp);
/* } @xfs-dm-mounting */
int xfs_dm_init(void);
void xfs_dm_exit(void);

/* The guard: xfs_dm_guard.c */
int __xfs_dm_guard_read(struct xfs_inode *ip, unsigned int flags,
			xfs_fileoff_t start, xfs_fileoff_t *end, struct iomap *iomap);
int __xfs_dm_guard_write(struct xfs_inode *ip, unsigned int flags,
			 xfs_fileoff_t start, xfs_fileoff_t end);
int __xfs_dm_refuse(struct xfs_inode *ip, loff_t pos, u64 len);
int __xfs_dm_refuse_swap(struct xfs_inode *ip);
int __xfs_dm_refuse_mmap(struct xfs_inode *ip, loff_t pos, u64 len);

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

/*
 * Sectors for stat().  A file without any, whatever its size, is a hole to
 * programs that copy, and some do not look any further.
 */
u64 __xfs_dm_blocks(struct xfs_inode *ip);
static inline u64
xfs_dm_blocks(struct xfs_inode *ip, u64 blocks)
{
	if (xfs_dm_guarded(ip) && !blocks)
		return __xfs_dm_blocks(ip);
	return blocks;
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

/* mmap_lock held.  A range is about to be mapped. */
static inline int
xfs_dm_refuse_mmap(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_refuse_mmap(ip, pos, len);
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

/*
 * Changes: xfs_dm_change.c.  All of these may say -EAGAIN for the operation to
 * unwind and come back.
 */

/* IOLOCK held exclusively.  The file is about to end at @newsize. */
int __xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize);
static inline int
xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_setattr_size(ip, newsize);
	return 0;
}

/* IOLOCK held exclusively.  A fallocate call is about to begin. */
int __xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len);
int __xfs_dm_shift_space(struct xfs_inode *ip, int mode);
static inline int
xfs_dm_fallocate(struct xfs_inode *ip, int mode, loff_t pos, loff_t len)
{
	int			error = 0;

	if (static_branch_unlikely(&dmapi_managed_key))
		error = __xfs_dm_shift_space(ip, mode);
	if (!error && xfs_dm_guarded(ip))
		error = __xfs_dm_fallocate(ip, mode, pos, len);
	return error;
}

/* IOLOCK held.  A write is about to begin; false in @excl if it is shared. */
int __xfs_dm_write_checks(struct xfs_inode *ip, struct kiocb *iocb,
			  size_t count, bool excl);
static inline int
xfs_dm_write_checks(struct xfs_inode *ip, struct kiocb *iocb, size_t count,
		    bool excl)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_write_checks(ip, iocb, count, excl);
	return 0;
}

/* IOLOCK held exclusively.  Blocks are about to be shared with another file. */
int __xfs_dm_remap_src(struct xfs_inode *ip, loff_t pos, u64 len);
static inline int
xfs_dm_remap_src(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_remap_src(ip, pos, len);
	return 0;
}

/* IOLOCK held exclusively.  What is in both files is about to be compared. */
static inline int
xfs_dm_remap_compare(struct xfs_inode *src, loff_t pos_in,
		     struct xfs_inode *dest, loff_t pos_out, u64 len)
{
	int			error = xfs_dm_remap_src(src, pos_in, len);

	return error ? error : xfs_dm_remap_src(dest, pos_out, len);
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

/* Both IOLOCKs held exclusively.  A range is about to change hands. */
int __xfs_dm_exchange(struct xfs_inode *ip, loff_t pos, u64 len);
static inline int
xfs_dm_exchange(struct xfs_inode *ip, loff_t pos, u64 len)
{
	if (xfs_dm_guarded(ip))
		return __xfs_dm_exchange(ip, pos, len);
	return 0;
}

/* What an exchange notes in its arguments is not for the next pass. */
static inline void xfs_dm_restore(u64 *flags, u64 saved)
{
	*flags = saved;
}

/* @xfs-dm-limits { */
/* ILOCK held exclusively.  Blocks of the file are about to be accounted. */
bool __xfs_dm_unlimited(struct xfs_inode *ip);
static inline bool xfs_dm_unlimited(struct xfs_inode *ip)
{
	return static_branch_unlikely(&dmapi_managed_key) &&
	       __xfs_dm_unlimited(ip);
}

/* } @xfs-dm-limits */
/* @xfs-dm-version { */
/*
 * IOLOCK or MMAPLOCK held.  The data is about to change, and there is no way
 * back but an error.
 */
int __xfs_dm_changing(struct xfs_inode *ip, bool nowait);
static inline int
xfs_dm_changing(struct xfs_inode *ip, bool nowait)
{
	if (xfs_dm_guarded(ip) && READ_ONCE(ip->i_dm_asked))
		return __xfs_dm_changing(ip, nowait);
	return 0;
}

/* } @xfs-dm-version */
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
void __xfs_dm_read_start(struct dmapi_scope *scope, struct kiocb *iocb,
			 struct iov_iter *to);
int __xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to);
bool __xfs_dm_read_again(struct dmapi_scope *scope, struct kiocb *iocb,
			 struct iov_iter *to, ssize_t *ret);
int __xfs_dm_splice_read(struct file *file, loff_t pos, size_t len);

/* Nothing held. */
static inline void
xfs_dm_read_start(struct dmapi_scope *scope, struct kiocb *iocb,
		  struct iov_iter *to)
{
	scope->state = DMAPI_SCOPE_NONE;
	if (static_branch_unlikely(&dmapi_managed_key))
		__xfs_dm_read_start(scope, iocb, to);
}

/* IOLOCK held. */
static inline int
xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    xfs_dm_guarded(XFS_I(file_inode(iocb->ki_filp))))
		return __xfs_dm_read_locked(iocb, to);
	return 0;
}

/* Nothing held: may wait.  True if the read is to begin again. */
static inline bool
xfs_dm_read_again(struct dmapi_scope *scope, struct kiocb *iocb,
		  struct iov_iter *to, ssize_t *ret)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_read_again(scope, iocb, to, ret);
	return false;
}

/* IOLOCK and a pipe's mutex held. */
static inline int
xfs_dm_splice_read(struct file *file, loff_t pos, size_t len)
{
	if (xfs_dm_guarded(XFS_I(file_inode(file))))
		return __xfs_dm_splice_read(file, pos, len);
	return 0;
}

/* Pages that are touched: xfs_dm_fault.c */
vm_fault_t __xfs_dm_filemap_fault(struct vm_fault *vmf);
vm_fault_t xfs_dm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last);
bool __xfs_dm_write_fault_again(struct vm_fault *vmf, unsigned int tries);

/* mmap_lock or less held.  A page that is not mapped here is touched. */
static inline vm_fault_t
xfs_dm_filemap_fault(struct vm_fault *vmf)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_filemap_fault(vmf);
	return filemap_fault(vmf);
}

/* The same.  A store into a page that is here has come to @ret: again? */
static inline bool
xfs_dm_write_fault_again(struct vm_fault *vmf, vm_fault_t ret,
			 unsigned int tries)
{
	return static_branch_unlikely(&dmapi_managed_key) &&
	       (ret & VM_FAULT_SIGBUS) &&
	       __xfs_dm_write_fault_again(vmf, tries);
}

/* Lack of space: xfs_dm_nospace.c */
int __xfs_dm_nospace(struct xfs_inode *ip, bool nowait);
struct xfs_dm_saved {
	struct iov_iter		iter;
};

ssize_t __xfs_dm_write_done(struct kiocb *iocb, struct iov_iter *from,
			    const struct xfs_dm_saved *saved);
int __xfs_dm_nospace_attr(struct xfs_inode *ip);
void __xfs_dm_final(void);

/*
 * An operation on @ip, or in it, ends with @error.  For lack of space it may
 * get -EAGAIN instead, to unwind and come back.  What it did must be such that
 * it can.
 */
static inline int
xfs_dm_nospace(struct xfs_inode *ip, int error)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    unlikely(error == -ENOSPC))
		return __xfs_dm_nospace(ip, false);
	return error;
}

/* Nothing held.  The same for a fallocate call. */
int __xfs_dm_fallocate_done(struct xfs_inode *ip, int mode);
static inline int
xfs_dm_fallocate_done(struct xfs_inode *ip, int mode, int error)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    unlikely(error == -ENOSPC))
		return __xfs_dm_fallocate_done(ip, mode);
	return error;
}

/*
 * The same for a change of attributes.  To those above -EAGAIN without a scope
 * means that there are none.
 */
static inline int
xfs_dm_nospace_attr(struct xfs_inode *ip, int error)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    unlikely(error == -ENOSPC))
		return __xfs_dm_nospace_attr(ip);
	return error;
}

/* Nothing held.  A write begins: what it will write if it comes back. */
static inline void
xfs_dm_write_start(struct xfs_dm_saved *saved, const struct iov_iter *from)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		saved->iter = *from;
	else
		saved->iter.count = 0;
}

/* Nothing held.  It is done. */
static inline ssize_t
xfs_dm_write_done(struct kiocb *iocb, struct iov_iter *from,
		  const struct xfs_dm_saved *saved, ssize_t ret)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    unlikely(ret == -ENOSPC))
		return __xfs_dm_write_done(iocb, from, saved);
	return ret;
}

/*
 * From here on a lack of space is the caller's matter: a quota denies it, and
 * calls that ENOSPC, or something was committed that must not happen twice.
 */
static inline void
xfs_dm_final(void)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		__xfs_dm_final();
}

/* @xfs-dm-show { */
/* What others may know: xfs_dm_show.c */
extern const struct xattr_handler xfs_dm_state_handler;
bool __xfs_dm_some_offline(struct xfs_inode *ip);
void xfs_dm_bulkstat(struct xfs_ibulk *breq, const struct xfs_inode *ip);
void xfs_dm_bstat(const struct xfs_ibulk *breq, struct xfs_bstat *bs1);

/* Nothing held.  A bit of statx() that says that a byte may be offline. */
static inline void
xfs_dm_attributes(struct xfs_inode *ip, struct kstat *stat)
{
	stat->attributes_mask |= DMAPI_STATX_OFFLINE;
	if (xfs_dm_guarded(ip) && __xfs_dm_some_offline(ip))
		stat->attributes |= DMAPI_STATX_OFFLINE;
}

/* } @xfs-dm-show */
/* @xfs-dm-backup { */
/* Attributes, for others: xfs_dm_backup.c */
struct xfs_attr_list_context;
int xfs_dm_attr_show_list(struct xfs_attr_list_context *context);
int xfs_dm_attr_show_get(struct xfs_da_args *args);

/* } @xfs-dm-backup */
#else /* !CONFIG_XFS_DMAPI */
/* @xfs-dm-backup { */

#define xfs_dm_attr_show_list(context)	xfs_attr_list(context)
#define xfs_dm_attr_show_get(args)	xfs_attr_get(args)
/* } @xfs-dm-backup */
/* @xfs-dm-show { */

static inline void
xfs_dm_attributes(struct xfs_inode *ip, struct kstat *stat)
{
}

#define xfs_dm_bulkstat(breq, ip)	((void)(breq), (void)(ip))

static inline void
xfs_dm_bstat(const struct xfs_ibulk *breq, struct xfs_bstat *bs1)
{
}
/* } @xfs-dm-show */

/* @xfs-dm-limits { */
static inline bool xfs_dm_unlimited(struct xfs_inode *ip)
{
	return false;
}

/* } @xfs-dm-limits */
static inline void xfs_dm_kill_sb(struct xfs_mount *mp)
{
}

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

static inline bool xfs_dm_shows_lazy(struct xfs_mount *mp)
{
	return false;
}

/* @xfs-dm-mark { */
static inline bool xfs_dm_is_refused(struct xfs_mount *mp)
{
	return false;
}

static inline int
xfs_dm_remount(struct xfs_mount *mp, const struct xfs_mount *options)
{
	return 0;
}

/* } @xfs-dm-mark */
/* @xfs-dm-mounting { */
static inline void
xfs_dm_set_source(struct xfs_mount *mp, const char *source)
{
}

static inline void
xfs_dm_show_mounting(struct seq_file *m, const struct xfs_mount *mp)
{
}

static inline void xfs_dm_free_mounting(struct xfs_mount *mp)
{
}

static inline void xfs_dm_farewell_send(struct xfs_mount *mp)
{
}

/* } @xfs-dm-mounting */
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

static inline int xfs_dm_remount_ro_begin(struct xfs_mount *mp)
{
	return 0;
}

static inline void xfs_dm_remount_ro_end(struct xfs_mount *mp)
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

static inline int xfs_dm_refuse_swap(struct xfs_inode *ip)
{
	return 0;
}

static inline int
xfs_dm_refuse_mmap(struct xfs_inode *ip, loff_t pos, u64 len)
{
	return 0;
}

#define xfs_dm_filemap_fault(vmf)	filemap_fault(vmf)
#define xfs_dm_map_pages		filemap_map_pages

static inline bool
xfs_dm_write_fault_again(struct vm_fault *vmf, vm_fault_t ret,
			 unsigned int tries)
{
	return false;
}

static inline int xfs_dm_setattr_size(struct xfs_inode *ip, loff_t newsize)
{
	return 0;
}

#define xfs_dm_fallocate(ip, mode, pos, len)	\
	((void)(ip), (void)(mode), (void)(pos), (void)(len), 0)

static inline int
xfs_dm_write_checks(struct xfs_inode *ip, struct kiocb *iocb, size_t count,
		    bool excl)
{
	return 0;
}

#define xfs_dm_remap_src(ip, pos, len)	\
	((void)(ip), (void)(pos), (void)(len), 0)

#define xfs_dm_remap_compare(src, pos_in, dest, pos_out, len)	\
	((void)(src), (void)(pos_in), (void)(dest), (void)(pos_out), (void)(len), 0)

#define xfs_dm_remap_dest(ip, pos, len)	\
	((void)(ip), (void)(pos), (void)(len), 0)

static inline int xfs_dm_exchange(struct xfs_inode *ip, loff_t pos, u64 len)
{
	return 0;
}

static inline void xfs_dm_restore(u64 *flags, u64 saved)
{
}

/* @xfs-dm-version { */
static inline int xfs_dm_changing(struct xfs_inode *ip, bool nowait)
{
	return 0;
}

/* } @xfs-dm-version */
static inline u64 xfs_dm_blocks(struct xfs_inode *ip, u64 blocks)
{
	return blocks;
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

static inline void
xfs_dm_read_start(struct dmapi_scope *scope, struct kiocb *iocb,
		  struct iov_iter *to)
{
}

static inline int
xfs_dm_read_locked(struct kiocb *iocb, struct iov_iter *to)
{
	return 0;
}

static inline bool
xfs_dm_read_again(struct dmapi_scope *scope, struct kiocb *iocb,
		  struct iov_iter *to, ssize_t *ret)
{
	return false;
}

static inline int
xfs_dm_splice_read(struct file *file, loff_t pos, size_t len)
{
	return 0;
}

#define xfs_dm_nospace(ip, error)	((void)(ip), (error))

#define xfs_dm_fallocate_done(ip, mode, error)	\
	((void)(ip), (void)(mode), (error))

static inline int xfs_dm_nospace_attr(struct xfs_inode *ip, int error)
{
	return error;
}

struct xfs_dm_saved {
};

static inline void
xfs_dm_write_start(struct xfs_dm_saved *saved, const struct iov_iter *from)
{
}

static inline ssize_t
xfs_dm_write_done(struct kiocb *iocb, struct iov_iter *from,
		  const struct xfs_dm_saved *saved, ssize_t ret)
{
	return ret;
}

static inline void xfs_dm_final(void)
{
}

#endif /* CONFIG_XFS_DMAPI */

/* @xfs-dm-lists { */
#include "xfs_dm_hooks_objects.h"

/* } @xfs-dm-lists */
#endif /* __XFS_DM_HOOKS_H__ */
