/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What XFS calls about directories and about objects as a whole
 *
 * Included by xfs_dm_hooks.h, which tells what hooks are like.  None of these
 * protects data: they are for managers who want to know.
 */
#ifndef __XFS_DM_HOOKS_OBJECTS_H__
#define __XFS_DM_HOOKS_OBJECTS_H__

#ifdef CONFIG_XFS_DMAPI

/* @xfs-dm-inherit { */
#include "xfs_symlink.h"

/* } @xfs-dm-inherit */
/* What new files inherit: xfs_dm_list.c */
void __xfs_dm_born_load(struct xfs_inode *dp);
void __xfs_dm_born(struct xfs_inode *dp, struct xfs_inode *ip);

/* IOLOCK held.  Something is about to be created in @dir. */
static inline void
xfs_dm_born_load(struct inode *dir)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		__xfs_dm_born_load(XFS_I(dir));
}

/* It was, in a transaction that has logged it. */
static inline void
xfs_dm_born(struct xfs_inode *dp, struct xfs_inode *ip)
{
	if (static_branch_unlikely(&dmapi_managed_key) && dp)
		__xfs_dm_born(dp, ip);
}

/* @xfs-dm-inherit { */
/* DM attributes that new objects inherit: xfs_dm_heir.c */
int __xfs_dm_create(const struct xfs_icreate_args *args, struct xfs_name *name,
		    struct xfs_inode **ipp);
int __xfs_dm_create_tmpfile(const struct xfs_icreate_args *args,
			    struct xfs_inode **ipp);
int __xfs_dm_symlink(struct mnt_idmap *idmap, struct xfs_inode *dp,
		     struct xfs_name *name, const char *target, umode_t mode,
		     struct xfs_inode **ipp);
void __xfs_dm_inherit(struct xfs_trans *tp, const struct xfs_attr_sf_hdr *from,
		      struct xfs_inode *ip);

static inline int
xfs_dm_create(const struct xfs_icreate_args *args, struct xfs_name *name,
	      struct xfs_inode **ipp)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_create(args, name, ipp);
	return xfs_create(args, name, ipp);
}

static inline int
xfs_dm_create_tmpfile(const struct xfs_icreate_args *args,
		      struct xfs_inode **ipp)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_create_tmpfile(args, ipp);
	return xfs_create_tmpfile(args, ipp);
}

static inline int
xfs_dm_symlink(struct mnt_idmap *idmap, struct xfs_inode *dp,
	       struct xfs_name *name, const char *target, umode_t mode,
	       struct xfs_inode **ipp)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_symlink(idmap, dp, name, target, mode, ipp);
	return xfs_symlink(idmap, dp, name, target, mode, ipp);
}

/* An inode was created, in a transaction that has logged it. */
static inline void
xfs_dm_inherit(struct xfs_trans *tp, const struct xfs_icreate_args *args,
	       struct xfs_inode *ip)
{
	if (static_branch_unlikely(&dmapi_managed_key) && args->dm_attrs)
		__xfs_dm_inherit(tp, args->dm_attrs, ip);
}

/* } @xfs-dm-inherit */
/* @xfs-dm-namespace { */
/* Changes of directories: xfs_dm_namesp.c */
struct xfs_dm_after;
struct xfs_dm_namesp {
	struct xfs_dm_after	*after;
};

int __xfs_dm_create_begin(struct xfs_dm_namesp *op, struct inode *dir,
			  const struct dentry *dentry, umode_t mode);
int __xfs_dm_remove_begin(struct xfs_dm_namesp *op, struct inode *dir,
			  const struct dentry *dentry);
int __xfs_dm_link_begin(struct xfs_dm_namesp *op, struct inode *dir,
			const struct dentry *dentry, struct inode *inode);
int __xfs_dm_symlink_begin(struct xfs_dm_namesp *op, struct inode *dir,
			   const struct dentry *dentry, const char *target,
			   umode_t mode);
int __xfs_dm_rename_begin(struct xfs_dm_namesp *op, struct inode *odir,
			  const struct dentry *odentry, struct inode *ndir,
			  const struct dentry *ndentry, unsigned int flags);
void __xfs_dm_namesp_end(struct xfs_dm_namesp *op, const struct inode *inode,
			 int error);

/*
 * All locks of the VFS held.  A name is about to be made, taken away or moved;
 * -EAGAIN for the operation to unwind and come back, or an errno.  Only if this
 * says 0, xfs_dm_namesp_end() follows, still locked.
 */
static inline int
xfs_dm_create_begin(struct xfs_dm_namesp *op, struct inode *dir,
		    const struct dentry *dentry, umode_t mode)
{
	op->after = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_create_begin(op, dir, dentry, mode);
	return 0;
}

static inline int
xfs_dm_remove_begin(struct xfs_dm_namesp *op, struct inode *dir,
		    const struct dentry *dentry)
{
	op->after = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_remove_begin(op, dir, dentry);
	return 0;
}

static inline int
xfs_dm_link_begin(struct xfs_dm_namesp *op, struct inode *dir,
		  const struct dentry *dentry, struct inode *inode)
{
	op->after = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_link_begin(op, dir, dentry, inode);
	return 0;
}

static inline int
xfs_dm_symlink_begin(struct xfs_dm_namesp *op, struct inode *dir,
		     const struct dentry *dentry, const char *target,
		     umode_t mode)
{
	op->after = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_symlink_begin(op, dir, dentry, target, mode);
	return 0;
}

static inline int
xfs_dm_rename_begin(struct xfs_dm_namesp *op, struct inode *odir,
		    const struct dentry *odentry, struct inode *ndir,
		    const struct dentry *ndentry, unsigned int flags)
{
	op->after = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_rename_begin(op, odir, odentry, ndir, ndentry,
					     flags);
	return 0;
}

/* It ended with @error; @inode: what was made, if it was. */
static inline int
xfs_dm_namesp_end(struct xfs_dm_namesp *op, const struct inode *inode,
		  int error)
{
	if (unlikely(op->after))
		__xfs_dm_namesp_end(op, inode, error);
	return error;
}

/* All of that around a renaming, which is @expr, and which may want space. */
#define xfs_dm_rename(odir, odentry, ndir, ndentry, flags, expr)	\
({									\
	struct inode *__dir = (ndir);					\
	struct xfs_dm_namesp __dm;					\
	int __error;							\
									\
	__error = xfs_dm_rename_begin(&__dm, odir, odentry, __dir,	\
				      ndentry, flags);			\
	if (!__error)							\
		__error = xfs_dm_namesp_end(&__dm, NULL,		\
				xfs_dm_nospace(XFS_I(__dir), expr));	\
	__error;							\
})

/* } @xfs-dm-namespace */
/* @xfs-dm-object { */
/* Objects: xfs_dm_object.c */
struct xfs_dm_note;
struct xfs_dm_attribute {
	struct xfs_dm_note	*note;
};

int __xfs_dm_attribute_begin(struct xfs_dm_attribute *op, struct xfs_inode *ip);
void __xfs_dm_attribute_end(struct xfs_dm_attribute *op, int error);
int __xfs_dm_debut(struct inode *inode, struct file *file);
void __xfs_dm_close(struct inode *inode, struct file *file);
void __xfs_dm_destroy(struct xfs_inode *ip);
int xfs_dm_dir_release(struct inode *inode, struct file *file);

/*
 * An attribute is about to be changed, IOLOCK or less held.  As above: only if
 * this says 0, xfs_dm_attribute_end() follows.
 */
static inline int
xfs_dm_attribute_begin(struct xfs_dm_attribute *op, struct xfs_inode *ip)
{
	op->note = NULL;
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_attribute_begin(op, ip);
	return 0;
}

static inline int
xfs_dm_attribute_end(struct xfs_dm_attribute *op, int error)
{
	if (unlikely(op->note))
		__xfs_dm_attribute_end(op, error);
	return error;
}

/* An object is being opened. */
static inline int
xfs_dm_debut(struct inode *inode, struct file *file)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		return __xfs_dm_debut(inode, file);
	return 0;
}

/* Nothing held.  An open file is no more. */
static inline void
xfs_dm_close(struct inode *inode, struct file *file)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		__xfs_dm_close(inode, file);
}

/* Nobody refers to an unlinked inode any more; it is about to be freed. */
static inline void
xfs_dm_destroy(struct xfs_inode *ip)
{
	if (static_branch_unlikely(&dmapi_managed_key))
		__xfs_dm_destroy(ip);
}

/* } @xfs-dm-object */
/* @xfs-dm-rights { */
int __xfs_dm_readdir(struct xfs_inode *dp);

/* IOLOCK held.  A directory is about to be read; -EAGAIN as above. */
static inline int
xfs_dm_readdir(struct xfs_inode *dp)
{
	if (static_branch_unlikely(&dmapi_managed_key) &&
	    unlikely(READ_ONCE(dp->i_dm_right)))
		return __xfs_dm_readdir(dp);
	return 0;
}

/* } @xfs-dm-rights */
/* @xfs-dm-handles { */
/* Names of what a handle names: xfs_dm_path.c */
int xfs_dm_get_name(struct dentry *parent, char *name, struct dentry *child);

/* } @xfs-dm-handles */
/* @xfs-dm-create { */
/* Objects that come back under their handles: xfs_dm_create.c */
struct xfs_trans;
bool __xfs_dm_dialloc(struct xfs_inode *dp, struct xfs_trans **tpp,
		      xfs_ino_t *inop, int *errorp);

/* An inode is about to be allocated; true if a wanted one was, or was not to be. */
static inline bool
xfs_dm_dialloc(struct xfs_inode *dp, struct xfs_trans **tpp, xfs_ino_t *inop,
	       int *errorp)
{
	if (static_branch_unlikely(&dmapi_managed_key) && dp)
		return __xfs_dm_dialloc(dp, tpp, inop, errorp);
	return false;
}

/* } @xfs-dm-create */
#else /* !CONFIG_XFS_DMAPI */

static inline void xfs_dm_born_load(struct inode *dir)
{
}

static inline void xfs_dm_born(struct xfs_inode *dp, struct xfs_inode *ip)
{
}

/* @xfs-dm-inherit { */
#define xfs_dm_create		xfs_create
#define xfs_dm_create_tmpfile	xfs_create_tmpfile
#define xfs_dm_symlink		xfs_symlink

static inline void xfs_dm_inherit(struct xfs_trans *tp,
				  const struct xfs_icreate_args *args,
				  struct xfs_inode *ip)
{
}

/* } @xfs-dm-inherit */
/* @xfs-dm-namespace { */
struct xfs_dm_namesp {
};

static inline int
xfs_dm_create_begin(struct xfs_dm_namesp *op, struct inode *dir,
		    const struct dentry *dentry, umode_t mode)
{
	return 0;
}

static inline int
xfs_dm_remove_begin(struct xfs_dm_namesp *op, struct inode *dir,
		    const struct dentry *dentry)
{
	return 0;
}

static inline int
xfs_dm_link_begin(struct xfs_dm_namesp *op, struct inode *dir,
		  const struct dentry *dentry, struct inode *inode)
{
	return 0;
}

static inline int
xfs_dm_symlink_begin(struct xfs_dm_namesp *op, struct inode *dir,
		     const struct dentry *dentry, const char *target,
		     umode_t mode)
{
	return 0;
}

#define xfs_dm_rename(odir, odentry, ndir, ndentry, flags, expr)	\
	((void)(odir), (void)(odentry), (void)(ndir), (void)(ndentry),	\
	 (void)(flags), (expr))

static inline int
xfs_dm_namesp_end(struct xfs_dm_namesp *op, const struct inode *inode,
		  int error)
{
	return error;
}

/* } @xfs-dm-namespace */
/* @xfs-dm-object { */
struct xfs_dm_attribute {
};

static inline int
xfs_dm_attribute_begin(struct xfs_dm_attribute *op, struct xfs_inode *ip)
{
	return 0;
}

static inline int xfs_dm_attribute_end(struct xfs_dm_attribute *op, int error)
{
	return error;
}

static inline int xfs_dm_debut(struct inode *inode, struct file *file)
{
	return 0;
}

static inline void xfs_dm_close(struct inode *inode, struct file *file)
{
}

static inline void xfs_dm_destroy(struct xfs_inode *ip)
{
}

#define xfs_dm_dir_release	NULL

/* } @xfs-dm-object */
/* @xfs-dm-rights { */
static inline int xfs_dm_readdir(struct xfs_inode *dp)
{
	return 0;
}

/* } @xfs-dm-rights */
/* @xfs-dm-handles { */
#define xfs_dm_get_name	NULL

/* } @xfs-dm-handles */
/* @xfs-dm-create { */
struct xfs_trans;

static inline bool
xfs_dm_dialloc(struct xfs_inode *dp, struct xfs_trans **tpp, u64 *inop,
	       int *errorp)
{
	return false;
}

/* } @xfs-dm-create */
#endif /* CONFIG_XFS_DMAPI */

#endif /* __XFS_DM_HOOKS_OBJECTS_H__ */
