/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rights: who keeps whom from an object
 *
 * A right on an object is held by a token, that is by a message which some
 * session has to answer, and ends with it.  Any number of tokens share an object,
 * or one has it exclusively.  What is here are the manager's calls among
 * themselves (xfs_dm_right.c, xfs_dm_right_ops.c); how a right keeps ordinary
 * operations out is in xfs_dm_exclude.c.
 */
#ifndef __XFS_DM_RIGHT_H__
#define __XFS_DM_RIGHT_H__

#include <linux/list.h>
#include <uapi/linux/dmapi.h>

struct xfs_dm_about;
struct xfs_dm_call;
struct xfs_dm_fs;
struct xfs_dm_msg;
struct xfs_inode;

/**
 * struct xfs_dm_object - an object on which there are, or were, rights
 * @o_rights: those of tokens
 * @o_shared: calls under way that no token admits, and that share it,
 * @o_excl: or change it
 *
 * Of an inode it appears with the first call about it, and stays as long as the
 * inode is in memory.
 */
struct xfs_dm_object {
	struct list_head	o_rights;
	unsigned int		o_shared;
	unsigned int		o_excl;
};

/**
 * struct xfs_dm_inode_object - what ip->i_dm_object is part of
 * @io_object: comes first
 * @io_manager: task of the call that has the inode locked
 */
struct xfs_dm_inode_object {
	struct xfs_dm_object	io_object;
	struct task_struct	*io_manager;
};

/**
 * struct xfs_dm_right - what one token has of one object
 * @r_all: in the list of all
 * @r_same: in the object's list
 * @r_own: in the token's list
 * @r_object: the object
 * @r_msg: the token's message
 * @r_fs: the object's file system, referenced and kept active
 * @r_ip: its inode, referenced; NULL: the file system itself
 * @r_since: since when, seconds of the monotonic clock
 * @r_level: DMAPI_RIGHT_*
 * @r_told: as much of that as somebody was told; the rest is being drained
 * @r_asked: what somebody waits for, DMAPI_RIGHT_NULL: nobody does
 * @r_users: calls that look at it
 * @r_held: the object is held by reference
 */
struct xfs_dm_right {
	struct list_head	r_all;
	struct list_head	r_same;
	struct list_head	r_own;
	struct xfs_dm_object	*r_object;
	struct xfs_dm_msg	*r_msg;
	struct xfs_dm_fs	*r_fs;
	struct xfs_inode	*r_ip;
	time64_t		r_since;
	u32			r_level;
	u32			r_told;
	u32			r_asked;
	unsigned int		r_users;
	bool			r_held;
};

/* xfs_dm_right.c */
struct xfs_dm_right *xfs_dm_right_get(struct xfs_dm_call *call,
				      struct xfs_dm_msg *m);
void xfs_dm_right_put(struct xfs_dm_right *r);
int xfs_dm_right_ask(struct xfs_dm_right *r, u32 level, bool wait);
int xfs_dm_right_change(struct xfs_dm_right *r,
			int (*change)(struct xfs_dm_right *r));
u32 xfs_dm_right_look(struct xfs_dm_call *call, bool *held);
int xfs_dm_right_begin(struct xfs_dm_call *call, u32 level);
void xfs_dm_right_end(struct xfs_dm_call *call, u32 level);
void xfs_dm_right_forget(struct xfs_dm_msg *m);
int xfs_dm_right_wait(struct xfs_dm_fs *fs, const struct xfs_dm_about *a,
		      int (*done)(void *data), void *data);
int xfs_dm_right_init(void);
void xfs_dm_right_exit(void);

#endif /* __XFS_DM_RIGHT_H__ */
