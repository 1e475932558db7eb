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

struct xfs_da_args;

/* The witness: SGI's event bits are the low ones, these are ours. */
#define XFS_DMW_RECORD		BIT(31)	/* there is a record */
#define XFS_DMW_SPANS		BIT(30)	/* with spans */
#define XFS_DMW_OURS		(XFS_DMW_RECORD | XFS_DMW_SPANS)
/* SGI's bits of READ, WRITE and TRUNCATE: the union of the regions. */
#define XFS_DMW_REGION_SHIFT	DMAPI_EVENT_READ
#define XFS_DMW_REGIONS		(DMAPI_REGION_ALL << XFS_DMW_REGION_SHIFT)

/**
 * struct xfs_dm_inode - a file's record, in memory
 * @rcu: readers may still look at a copy that was replaced
 * @gen: changes with every copy, and is never used twice
 * @writer: the manager's task that writes into offline ranges, which excludes
 *	everybody else by IOLOCK for as long as this is set
 * @broken: witness without readable record: all of the file counts as a span
 * @nregions: number of regions
 * @nspans: number of spans
 * @spans: sorted; within the file when the copy was made
 * @regions: in the application's order
 */
struct xfs_dm_inode {
	struct rcu_head		rcu;
	u64			gen;
	struct task_struct	*writer;
	bool			broken;
	unsigned int		nregions;
	unsigned int		nspans;
	struct xfs_dm_span	spans[XFS_DM_MAX_SPANS + 1];
	struct xfs_dm_region	regions[] __counted_by(nregions);
};

/* xfs_dm_inode.c */
struct xfs_dm_inode *xfs_dm_inode_alloc(unsigned int nregions);
struct xfs_dm_inode *xfs_dm_inode_dup(struct xfs_inode *ip,
				      unsigned int nregions);
void xfs_dm_inode_publish(struct xfs_inode *ip, struct xfs_dm_inode *dm);
bool xfs_dm_witness_valid(const struct xfs_inode *ip);
int xfs_dm_witness_set(struct xfs_inode *ip, u32 ours, u32 regions);
void xfs_dm_cap_folios(struct xfs_inode *ip);
u64 xfs_dm_eof(struct xfs_inode *ip);

/* xfs_dm_record.c */
#define XFS_DM_RECORD_NAME	"XDSM_RECORD"
bool xfs_dm_is_record(const unsigned char *name, int namelen);
int xfs_dm_record_read(struct xfs_inode *ip, struct xfs_dm_inode **dmp);
int xfs_dm_record_parse(const void *value, size_t len,
			struct xfs_dm_inode **dmp);
int xfs_dm_record_commit(struct xfs_inode *ip, struct xfs_dm_inode *dm);

/* xfs_dm_xattr.c: attributes in the root namespace, replaced atomically */
int xfs_dm_xattr_get(struct xfs_inode *ip, const char *name, int namelen,
		     void **valuep, int *lenp);
int xfs_dm_xattr_set(struct xfs_inode *ip, const char *name, int namelen,
		     void *value, int len, bool ctime);

/* xfs_dm_guard.c */
int xfs_dm_range_offline(struct xfs_inode *ip, u64 start, u64 end);
int xfs_dm_map(struct xfs_inode *ip, xfs_fileoff_t start, xfs_fileoff_t *end);
int xfs_dm_grow(struct xfs_inode *ip);

/* xfs_dm_lock.c: how the manager's calls exclude everybody else */
#define XFS_DM_LOCK_LAYOUT	BIT(0)	/* and all I/O in flight */
int xfs_dm_lock(struct xfs_inode *ip, unsigned int how);
void xfs_dm_unlock(struct xfs_inode *ip);
u64 xfs_dm_granule(struct xfs_inode *ip);

/* xfs_dm_mount.c */

/**
 * struct xfs_dm_mount - a managed mount
 * @fs: what sessions see of it
 * @kobj: dmapi/ in the mount's directory in sysfs
 */
struct xfs_dm_mount {
	struct xfs_dm_fs	fs;
	struct xfs_kobj		kobj;
};

struct xfs_mount *xfs_dm_fs_pin(struct xfs_dm_fs *fs);
void xfs_dm_fs_unpin(struct xfs_mount *mp);
static inline bool xfs_dm_is_managed(struct xfs_mount *mp)
{
	return mp->m_dm;
}

/* xfs_dm_file.c: a file that nobody opened */
struct file *xfs_dm_file_open(struct xfs_inode *ip);

/* xfs_dm_region.c */
int xfs_dm_flush(struct xfs_inode *ip, u64 start, u64 end);

/* xfs_dm_handle.c */
void xfs_dm_handle_init(struct xfs_inode *ip, void *handle);
int xfs_dm_handle_inode(struct xfs_mount *mp, const void *handle,
			struct xfs_inode **ipp);

/* xfs_dm_ops.c */
int xfs_dm_ops_init(void);
void xfs_dm_ops_exit(void);

#endif /* __XFS_DM_H__ */
