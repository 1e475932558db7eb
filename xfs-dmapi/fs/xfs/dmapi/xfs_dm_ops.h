/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of operations
 *
 * What an operation takes is data: the size of its structure, and whether a
 * session, a token and what kind of handle it needs, and whether it is one for
 * workers, who have no privilege but a descriptor.  One function checks all of it
 * in the order that the interface promises, and hands the operation an argument
 * in which everything is resolved.
 */
#ifndef __XFS_DM_OPS_H__
#define __XFS_DM_OPS_H__

#include <uapi/linux/dmapi.h>

struct file;
struct xfs_dm_fs;
struct xfs_dm_session;
struct xfs_dm_worker;
struct xfs_inode;

/*
 * What an op needs; checked by xfs_dm_call().  On an object it needs a right, too:
 * an exclusive one with XFS_DM_OP_WRITE or _EXCL, else a shared one.
 */
#define XFS_DM_OP_SESSION	(1U << 0)	/* first field is a live sid */
#define XFS_DM_OP_OBJECT	(1U << 1)	/* begins with dmapi_object */
#define XFS_DM_OP_FS		(1U << 2)	/* handle may name a fs */
#define XFS_DM_OP_REG		(1U << 3)	/* handle may name a file */
#define XFS_DM_OP_DIR		(1U << 4)	/* … or a directory */
#define XFS_DM_OP_OTHER		(1U << 5)	/* … or anything else */
#define XFS_DM_OP_GLOBAL	(1U << 6)	/* … or everything */
#define XFS_DM_OP_ANYINODE	(XFS_DM_OP_REG | XFS_DM_OP_DIR | XFS_DM_OP_OTHER)
#define XFS_DM_OP_WRITE		(1U << 7)	/* EROFS on a read-only mount */
#define XFS_DM_OP_ANYBODY	(1U << 8)	/* no session, no token */
#define XFS_DM_OP_EXCL		(1U << 9)	/* changes what is not on disk */
/* @xfs-dm-rights { */
/* Rights themselves: a token, and no right. */
#define XFS_DM_OP_TOKEN		(1U << 10)
/* } @xfs-dm-rights */
#define XFS_DM_OP_WORKER	(1U << 11)	/* also by a worker's descriptor */
#define XFS_DM_OP_MAX_ARG	128		/* largest structure, bytes */

/**
 * struct xfs_dm_call - a call with everything resolved
 * @arg: the operation's structure
 * @s: session, with XFS_DM_OP_SESSION or _OBJECT; NULL with _ANYBODY
 * @file: the descriptor by which the caller named it, NULL: by its id; @arg
 *	holds the id in any case
 * @worker: to what that is limited; NULL: to nothing
 * @fs: the file system of the handle; NULL for the global handle
 * @ip: the inode of the handle, referenced; NULL for a file system handle
 * @right: what the call has of it by itself, DMAPI_RIGHT_*
 */
struct xfs_dm_call {
	union {
		struct dmapi_object	obj;
		unsigned char		bytes[XFS_DM_OP_MAX_ARG];
		__u64			align;
	} arg;
	struct xfs_dm_session	*s;
	struct file		*file;
	const struct xfs_dm_worker *worker;
	struct xfs_dm_fs	*fs;
	struct xfs_inode	*ip;
	u32			right;	/* @xfs-dm-rights */
};

struct xfs_dm_op {
	unsigned int	number;		/* DMAPI_* */
	unsigned int	size;		/* of its structure, first version */
	unsigned int	grown;		/* the present one, if it is larger */
	unsigned int	needs;		/* XFS_DM_OP_* */
	long		(*call)(struct xfs_dm_call *call);
};

/* Each file brings its own, ended by an entry without @call. */
extern const struct xfs_dm_op xfs_dm_session_ops[];
extern const struct xfs_dm_op xfs_dm_descriptor_ops[];
extern const struct xfs_dm_op xfs_dm_session_list_ops[];
extern const struct xfs_dm_op xfs_dm_queue_ops[];
extern const struct xfs_dm_op xfs_dm_disp_ops[];
extern const struct xfs_dm_op xfs_dm_handle_ops[];
extern const struct xfs_dm_op xfs_dm_region_ops[];
extern const struct xfs_dm_op xfs_dm_punch_ops[];
extern const struct xfs_dm_op xfs_dm_invis_ops[];
extern const struct xfs_dm_op xfs_dm_attr_ops[];
extern const struct xfs_dm_op xfs_dm_version_ops[];
extern const struct xfs_dm_op xfs_dm_stage_ops[];
extern const struct xfs_dm_op xfs_dm_mark_ops[];	/* @xfs-dm-mark */
extern const struct xfs_dm_op xfs_dm_list_ops[];	/* @xfs-dm-lists */
extern const struct xfs_dm_op xfs_dm_object_ops[];	/* @xfs-dm-object */
extern const struct xfs_dm_op xfs_dm_user_ops[];	/* @xfs-dm-user */
extern const struct xfs_dm_op xfs_dm_inherit_ops[];	/* @xfs-dm-inherit */
extern const struct xfs_dm_op xfs_dm_fileattr_ops[];	/* @xfs-dm-fileattr */
extern const struct xfs_dm_op xfs_dm_bulk_ops[];	/* @xfs-dm-bulk */
extern const struct xfs_dm_op xfs_dm_dirattrs_ops[];	/* @xfs-dm-bulk */
extern const struct xfs_dm_op xfs_dm_config_ops[];	/* @xfs-dm-config */
extern const struct xfs_dm_op xfs_dm_right_ops[];	/* @xfs-dm-rights */
extern const struct xfs_dm_op xfs_dm_mounting_ops[];	/* @xfs-dm-mounting */
extern const struct xfs_dm_op xfs_dm_open_ops[];	/* @xfs-dm-handles */
extern const struct xfs_dm_op xfs_dm_path_ops[];	/* @xfs-dm-handles */
extern const struct xfs_dm_op xfs_dm_create_ops[];	/* @xfs-dm-create */

/* Results to user pointers that travel as u64. */
#define xfs_dm_put_u64(uptr, value)	\
	put_user((__u64)(value), (__u64 __user *)u64_to_user_ptr(uptr))
#define xfs_dm_put_u32(uptr, value)	\
	put_user((__u32)(value), (__u32 __user *)u64_to_user_ptr(uptr))

#endif /* __XFS_DM_OPS_H__ */
