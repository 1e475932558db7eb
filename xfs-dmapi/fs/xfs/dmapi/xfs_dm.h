/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMAPI's state of inodes and mounts
 *
 * On disk, a managed file has a record in an extended attribute (its regions
 * and spans, xfs_dm_record.c) and a witness in two words of the inode core that
 * DMAPI has owned since IRIX.  The witness costs nothing to look at and stands
 * apart from the attribute: a file whose record is lost or unreadable while the
 * witness is there counts as offline wherever no written extent backs it.
 *
 * In memory, ip->i_dm points to an immutable copy of the record.  NULL means
 * that nobody has looked yet, &xfs_dm_none that there is nothing.  A change
 * makes a new copy, under IOLOCK and MMAPLOCK held exclusively, and publishes
 * it; RCU lets readers look without any lock.
 *
 * Lock order of a change, nothing else held before:
 *
 *	IOLOCK, MMAPLOCK (exclusive)
 *	  freeze protection, page fault level, by trying
 *	    transaction, ILOCK (inside the attribute code)
 *	      ip->i_flags_lock
 *
 * The freeze level is tried, and waited for with nothing held if that fails:
 * waiting for it inside the IOLOCK would close a circle with a fault that holds
 * mmap_lock and waits for a freezer (see xfs_dm_lock()).
 */
#ifndef __XFS_DM_H__
#define __XFS_DM_H__

#include "xfs_dm_event.h"
#include "xfs_dm_range.h"

#include <linux/dmapi_scope.h>
#include <linux/falloc.h>

struct xfs_da_args;
struct xfs_dm_inherit;
struct xfs_dm_mount;
struct xfs_trans;	/* @xfs-dm-create */

/* The witness: SGI's event bits are the low ones, these are ours. */
#define XFS_DMW_RECORD		BIT(31)	/* there is a record */
#define XFS_DMW_SPANS		BIT(30)	/* with spans */
#define XFS_DMW_ASKED		BIT(29)	/* data is as when its number was told */
#define XFS_DMW_LIST		BIT(28)	/* the event bits are a list */
#define XFS_DMW_BORN		BIT(27)	/* so are the region bits: a whole file */
#define XFS_DMW_OURS		(XFS_DMW_RECORD | XFS_DMW_SPANS)
/* SGI's bits of everything else: the event list. */
#define XFS_DMW_EVENTS		(((1U << DMAPI_EVENT_MAX) - 1) & ~XFS_DMW_REGIONS)
/* SGI's bits of READ, WRITE and TRUNCATE: the union of the regions. */
#define XFS_DMW_REGION_SHIFT	DMAPI_EVENT_READ
#define XFS_DMW_REGIONS		(DMAPI_REGION_ALL << XFS_DMW_REGION_SHIFT)

/**
 * struct xfs_dm_inode - a file's record, in memory
 * @rcu: readers may still look at a copy that was replaced
 * @gen: changes with every copy, and is never used twice
 * @writer: the manager's task that writes into offline ranges, which excludes
 *	everybody else by IOLOCK for as long as this is set
 * @backup_start: who has read the record and may take what is offline for a
 *	hole: when that process began (xfs_dm_backup.c),
 * @backup_exec: and what it has executed since
 * @change: the data's version, 0 if nobody ever asked (xfs_dm_version.c)
 * @broken: witness without readable record: all of the file counts as a span
 * @pending: spans behind the end of the file, up to here, are of bytes to come: a
 *	restore is under way (xfs_dm_foreign.c); 0: they are not
 * @nregions: number of regions
 * @nspans: number of spans
 * @spans: sorted; within the file when the copy was made
 * @regions: in the application's order
 */
struct xfs_dm_inode {
	struct rcu_head		rcu;
	u64			gen;
	struct task_struct	*writer;
	u64			backup_start;
	u64			backup_exec;
	u64			change;
	u64			pending;
	bool			broken;
	unsigned int		nregions;
	unsigned int		nspans;
	struct xfs_dm_span	spans[XFS_DM_MAX_SPANS + 1];
	struct xfs_dm_region	regions[] __counted_by(nregions);
};

/* xfs_dm_inode.c */
bool xfs_dm_inode_is_empty(const struct xfs_dm_inode *dm);
struct xfs_dm_inode *xfs_dm_inode_alloc(unsigned int nregions);
struct xfs_dm_inode *xfs_dm_inode_dup(struct xfs_inode *ip,
				      unsigned int nregions);
void xfs_dm_inode_publish(struct xfs_inode *ip, struct xfs_dm_inode *dm);
bool xfs_dm_witness_own(const struct xfs_inode *ip);
bool xfs_dm_witness_valid(const struct xfs_inode *ip);
void xfs_dm_witness_born(struct xfs_inode *ip, u32 mask);	/* @xfs-dm-lists */
int xfs_dm_witness_update(struct xfs_inode *ip, u32 clear, u32 set);
int xfs_dm_witness_set(struct xfs_inode *ip, u32 ours, u32 regions);
int xfs_dm_witness_asked(struct xfs_inode *ip, bool asked);
void xfs_dm_cap_folios(struct xfs_inode *ip);
u64 xfs_dm_eof(struct xfs_inode *ip);

/* xfs_dm_record.c */
#define XFS_DM_RECORD_NAME	"XDSM_RECORD"
void *xfs_dm_record_encode(const struct xfs_dm_inode *dm, size_t *lenp);
bool xfs_dm_is_record(const unsigned char *name, int namelen);
int xfs_dm_record_read(struct xfs_inode *ip, struct xfs_dm_inode **dmp);
int xfs_dm_record_parse(const void *value, size_t len,
			struct xfs_dm_inode **dmp);
int xfs_dm_record_commit(struct xfs_inode *ip, struct xfs_dm_inode *dm);

/* xfs_dm_version.c: has the data changed since the manager asked? */
int xfs_dm_version_is(struct xfs_inode *ip, u64 change);
int xfs_dm_version_ask(struct xfs_inode *ip, u64 *change, u32 *counter);

/* @xfs-dm-backup { */
/* xfs_dm_backup.c: what backup programs see */
bool xfs_dm_is_backup(const struct xfs_dm_mount *dm);
bool xfs_dm_backup_has_record(struct xfs_inode *ip);

/* What the object was born with, and nobody changed since, is in its core alone. */
static inline bool xfs_dm_is_born(const struct xfs_inode *ip)
{
	return READ_ONCE(ip->i_dmevmask) & (XFS_DMW_BORN | XFS_DMW_LIST);
}

/* } @xfs-dm-backup */
/* xfs_dm_xattr.c: attributes in the root namespace, replaced atomically */
void xfs_dm_xattr_args(struct xfs_da_args *args, struct xfs_inode *ip,
		       const char *name, int namelen);
int xfs_dm_xattr_read(struct xfs_inode *ip, const char *name, int namelen,
		      void *value, int *lenp);
int xfs_dm_xattr_get(struct xfs_inode *ip, const char *name, int namelen,
		     void **valuep, int *lenp);
int xfs_dm_xattr_set(struct xfs_inode *ip, const char *name, int namelen,
		     void *value, int len, bool ctime);
/* @xfs-dm-inherit { */
int xfs_dm_xattr_add(struct xfs_inode *ip, const char *name, int namelen,
		     void *value, int len);
/* } @xfs-dm-inherit */

/* xfs_dm_guard.c */
int xfs_dm_range_offline(struct xfs_inode *ip, u64 start, u64 end);
int xfs_dm_map(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t *end);
bool xfs_dm_has_span(struct xfs_inode *ip, u64 pos);

/* xfs_dm_want.c: may an operation go on? */
#define XFS_DM_NOWAIT		BIT(0)	/* it must not block */
#define XFS_DM_REOPENS		BIT(1)	/* it opens a scope on -EAGAIN */
#define XFS_DM_IF_ALONE		BIT(2)	/* not where WRITE is armed, too */
#define XFS_DM_NODELAY		BIT(3)	/* it may wait, not for long */
#define XFS_DM_IF_ARMED		BIT(4)	/* bytes may be missing */
int xfs_dm_want(struct xfs_inode *ip, u32 event, u64 off, u64 len,
		unsigned int how);
int xfs_dm_want_wait(struct inode *inode, const struct dmapi_want *want);
void xfs_dm_widen(const struct dmapi_scope *scope, struct dmapi_want *want);
bool xfs_dm_norecall(const struct xfs_dm_mount *dm);	/* @xfs-dm-show */

/* xfs_dm_proxy.c: waiting for those who must not */
/* Clients who ask for more at a time have to come back more often. */
#define XFS_DM_PROXY_MAX	256
int xfs_dm_proxy(struct xfs_inode *ip, const struct dmapi_want *want,
		 int (*wait)(struct inode *inode,
			     const struct dmapi_want *want));

/* xfs_dm_mmap.c: mappings */
int xfs_dm_mmap_begin(struct inode *inode, bool write, bool exec, loff_t off,
		      u64 len);
void xfs_dm_mmap_end(struct inode *inode);
bool xfs_dm_mapped(struct xfs_inode *ip, pgoff_t first, pgoff_t last);

/* xfs_dm_fault.c: pages that are touched */
int xfs_dm_hold(struct xfs_inode *ip, pgoff_t first, pgoff_t last);
void xfs_dm_release(struct xfs_inode *ip);

/* What moves all the data behind it. */
#define XFS_DM_SHIFTS	(FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)

/* xfs_dm_change.c */
int xfs_dm_tail_offline(struct xfs_inode *ip, u64 pos);
int xfs_dm_grow(struct xfs_inode *ip, u64 pos, u64 end, unsigned int how);

/* xfs_dm_foreign.c: files that are being restored */
int xfs_dm_pending_grow(struct xfs_inode *ip, u64 pos, u64 end);
int xfs_dm_shrink(struct xfs_inode *ip);

/* @xfs-dm-rights { */
/* xfs_dm_exclude.c: rights and ordinary operations */
int xfs_dm_exclude(struct xfs_inode *ip, u32 event, u64 off, u64 len,
		   unsigned int how);
int xfs_dm_exclude_begin(struct xfs_inode *ip);
void xfs_dm_exclude_end(struct xfs_inode *ip);

/* } @xfs-dm-rights */
/* xfs_dm_lock.c: how the manager's calls exclude everybody else */
#define XFS_DM_LOCK_LAYOUT	BIT(0)	/* and all I/O in flight */
int xfs_dm_lock(struct xfs_inode *ip, unsigned int how);
void xfs_dm_unlock(struct xfs_inode *ip);
int xfs_dm_level_try(struct xfs_inode *ip);
void xfs_dm_level_wait(struct xfs_inode *ip);
u64 xfs_dm_granule(struct xfs_inode *ip);

/*
 * What becomes up to date as a whole, bytes: edges inside of it cannot be
 * guarded, and a change of a part needs the rest.
 */
static inline u32 xfs_dm_page(struct xfs_inode *ip)
{
	return max_t(u32, PAGE_SIZE, i_blocksize(VFS_I(ip)));
}

/* xfs_dm_mount.c */

struct xfs_dm_mountinfo;

/* Has a mount of the superblock been attached to a tree? */
enum xfs_dm_attach {
	XFS_DM_DETACHED = 0,
	XFS_DM_ATTACHING,	/* it is being asked about, or attached */
	XFS_DM_ATTACHED,	/* and will count as such for ever */
	XFS_DM_REFUSED,
};

/**
 * struct xfs_dm_mount - a managed mount
 * @fs: what sessions see of it
 * @kobj: dmapi/ in the mount's directory in sysfs
 * @ro_lock: shared by calls that change the file system, exclusive while it
 *	becomes read-only; inside s_umount, outside everything else
 * @proxy_wq: what they run on, for hours: nobody else's
 * @proxy_lock: the list of
 * @proxies: events that workers wait for,
 * @nproxies: how many these are,
 * @proxies_end: and that there must be no more
 * @freed: how often the manager was seen to free space
 * @lazy: mapped data is brought back when it is touched; changed at any time,
 *	under xfs_dm_lazy_lock
 * @mmap_window: bytes that a fault asks for; changed at any time
 * @norecall: whoever is in this group gets ENODATA for offline bytes; -1: nobody
 * @backup: so does this one, unless it takes them for holes; -1: nobody
 * @advisory: rights keep nobody but the manager's calls out; changed at any time
 * @born: what new files begin with, as in di_dmevmask
 * @inherit: DM attributes that new objects have from their directory
 * @attach_lock: the following three
 * @attach: how far it has come
 * @attacher: who is at it
 * @mountinfo: what MOUNT said; NULL while there was none
 * @forced: it was unmounted by force, or lazily
 */
struct xfs_dm_mount {
	struct xfs_dm_fs	fs;
	struct xfs_kobj		kobj;
	struct rw_semaphore	ro_lock;
	struct workqueue_struct	*proxy_wq;
	spinlock_t		proxy_lock;	/* the following */
	struct list_head	proxies;
	unsigned int		nproxies;
	bool			proxies_end;
	atomic64_t		freed;
	bool			lazy;
	u64			mmap_window;
	gid_t			norecall;
	gid_t			backup;
	bool			advisory;
	u32			born;
	struct xfs_dm_inherit __rcu *inherit;
	spinlock_t		attach_lock;	/* the following three */
	enum xfs_dm_attach	attach;
	struct task_struct	*attacher;
	struct xfs_dm_mountinfo	*mountinfo;
	bool			forced;
};

/* Unless somebody says otherwise: what readahead reads. */
#define XFS_DM_MMAP_WINDOW	SZ_128K

struct xfs_mount *xfs_dm_fs_pin(struct xfs_dm_fs *fs);
void xfs_dm_fs_unpin(struct xfs_mount *mp);
static inline bool xfs_dm_is_managed(struct xfs_mount *mp)
{
	return mp->m_dm;
}

static inline bool xfs_dm_is_lazy(struct xfs_mount *mp)
{
	return mp->m_dm && READ_ONCE(mp->m_dm->lazy);
}

/* @xfs-dm-mark { */
/* xfs_dm_mark.c: a file system that says itself that it is managed */
int xfs_dm_mark_read(struct xfs_mount *mp);
int xfs_dm_mark_mount(struct xfs_mount *mp, bool *managed);
bool xfs_dm_mark_is_ours(const struct xfs_da_args *args);
int xfs_dm_mark_foreign(const struct xfs_da_args *args, int op);

/* } @xfs-dm-mark */
/* @xfs-dm-lists { */
/* xfs_dm_list.c: event lists, and what new files inherit */
/* In i_dm_events and i_dm_born */
#define XFS_DM_LOADED		BIT(31)
#define XFS_DM_DEBUTED		BIT(30)	/* the object's first open is over */
#define XFS_DM_DEBUTING		BIT(29)	/* somebody is asking about it */
#define XFS_DM_UNBORN		BIT(28)	/* it has no name yet */	/* @xfs-dm-inherit */

u32 xfs_dm_events(struct xfs_inode *ip);
int xfs_dm_list_mount(struct xfs_mount *mp);
int xfs_dm_born_regions(struct xfs_inode *ip, struct xfs_dm_inode **dmp);
bool xfs_dm_list_is_ours(const struct xfs_da_args *args);
int xfs_dm_list_foreign(const struct xfs_da_args *args, int op);
int xfs_dm_lists_forget(struct xfs_inode *ip);	/* @xfs-dm-leave */
#define XFS_DM_EVENTS_NAME	"XDSM_EVENTS"
void *xfs_dm_list_born(struct xfs_inode *ip, size_t *lenp); /* @xfs-dm-backup */

/* Is an event enabled, for an object or all of its file system? */
static inline bool xfs_dm_enabled(struct xfs_inode *ip, int event)
{
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;

	return dm && ((READ_ONCE(dm->fs.fs_events) | xfs_dm_events(ip)) &
		      (1ULL << event));
}

/* } @xfs-dm-lists */
/* @xfs-dm-inherit { */
/* xfs_dm_inherit.c: the list of DM attributes that new objects inherit */
int xfs_dm_inherit_mount(struct xfs_mount *mp);
void xfs_dm_inherit_free(struct xfs_dm_mount *dm);
bool xfs_dm_inherit_is_ours(const struct xfs_da_args *args);
int xfs_dm_inherit_foreign(const struct xfs_da_args *args, int op);

/* } @xfs-dm-inherit */
/* @xfs-dm-mounting { */
/* xfs_dm_mounting.c, xfs_dm_unmounting.c: MOUNT, PREUNMOUNT, UNMOUNT */
void xfs_dm_attach_init(struct xfs_dm_mount *dm);
void xfs_dm_attach_free(struct xfs_dm_mount *dm);
int xfs_dm_attach_begin(struct super_block *sb, const struct path *where);
void xfs_dm_attach_end(struct super_block *sb, int error);
int xfs_dm_detach_begin(struct super_block *sb, bool forced);
void xfs_dm_detach_end(struct super_block *sb, bool forced, int error);
void xfs_dm_farewell(struct xfs_mount *mp);

/* } @xfs-dm-mounting */
/* xfs_dm_file.c: a file that nobody opened */
struct file *xfs_dm_file_open(struct xfs_inode *ip);
static inline bool xfs_dm_file_is_ours(const struct file *file)
{
	return file->private_data == &xfs_dm_none;
}

/* xfs_dm_region.c */
int xfs_dm_flush(struct xfs_inode *ip, u64 start, u64 end);
int xfs_dm_drop(struct xfs_inode *ip, u64 start, u64 end);

/* @xfs-dm-leave { */
/* xfs_dm_leave.c */
int xfs_dm_leave(struct xfs_inode *ip);

/* } @xfs-dm-leave */
/* xfs_dm_handle.c */
void xfs_dm_handle_make(struct xfs_mount *mp, u64 ino, u32 gen, void *handle);
void xfs_dm_handle_init(struct xfs_inode *ip, void *handle);
int xfs_dm_handle_inode(struct xfs_mount *mp, const void *handle,
			struct xfs_inode **ipp);

/* @xfs-dm-create { */
bool xfs_dm_handle_parse(const void *handle, u64 *fsid, xfs_ino_t *ino,
			 u32 *gen);

/* xfs_dm_create.c: what is created under a handle */
bool xfs_dm_wants_inode(const struct xfs_inode *dp);
void xfs_dm_wanted_gen(const struct xfs_inode *dp, struct xfs_inode *ip);

/* xfs_dm_ialloc.c */
int xfs_dm_ialloc(struct xfs_trans **tpp, xfs_ino_t ino);

/* } @xfs-dm-create */
/* xfs_dm_attr.c */
#define XFS_DM_ATTR_NAME_MAX	24
int xfs_dm_attr_encode(const u8 dmname[DMAPI_ATTR_NAME_SIZE], char *name);
int xfs_dm_attr_any(struct xfs_inode *ip);	/* @xfs-dm-fileattr */

/* @xfs-dm-fileattr { */
/* xfs_dm_fileattr.c */
#define XFS_DM_AT_ALL	(DMAPI_AT_DTIME | DMAPI_AT_EMASK | DMAPI_AT_PMANR | \
			 DMAPI_AT_PATTR | DMAPI_AT_STAT | DMAPI_AT_CFLAG)
int xfs_dm_stat(struct xfs_inode *ip, u32 mask, struct dmapi_stat *st);

/* } @xfs-dm-fileattr */
/* @xfs-dm-limits { */
/* xfs_dm_limits.c */
void xfs_dm_limits_lift(struct xfs_inode *ip);
void xfs_dm_limits_restore(struct xfs_inode *ip);

/* } @xfs-dm-limits */
/* @xfs-dm-bulk { */
/* xfs_dm_bulk.c; a scan that is over */
#define XFS_DM_LOC_END	S64_MAX
int xfs_dm_scan_begin(const struct dmapi_get_bulk *arg, u32 *mask, s64 *loc);
int xfs_dm_scan_end(const struct dmapi_get_bulk *arg, u64 copied, u64 last,
		    u64 loc);

/* } @xfs-dm-bulk */
/* xfs_dm_namesp.c */
int xfs_dm_note_want(struct xfs_inode *ip, int event, int error);

/* @xfs-dm-handles { */
/* xfs_dm_path.c: where an object is for the caller */
int xfs_dm_path_of(struct xfs_inode *ip, struct path *path);

/* } @xfs-dm-handles */
/* xfs_dm_ops.c */
int xfs_dm_ops_init(void);
void xfs_dm_ops_exit(void);

#endif /* __XFS_DM_H__ */
