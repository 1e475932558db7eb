/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the bases
 *
 * The sources are written once, in mainline's idiom.  Everything for which two
 * kernels have different words stands here; the series that is generated for a
 * base holds that base's words alone.
 */
#ifndef __XFS_DM_COMPAT_H__
#define __XFS_DM_COMPAT_H__

#if XFS_DM_BASE >= 703
#include "xfs_platform.h"
#else
#include "xfs.h"
#endif
#include "xfs_fs.h"
#include "xfs_shared.h"
#include "xfs_format.h"
#include "xfs_log_format.h"
#include "xfs_trans_resv.h"
#include "xfs_mount.h"
#include "xfs_inode.h"

#if XFS_DM_BASE >= 703
#define xfs_dm_ino(ip)			I_INO(ip)
#define xfs_dm_is_internal(ip)		xfs_is_internal_inode(ip)
#define xfs_dm_zero_range(ip, pos, len)	xfs_zero_range(ip, pos, len, NULL, NULL)
#else
#define xfs_dm_ino(ip)			((ip)->i_ino)
#define xfs_dm_is_internal(ip)		xfs_is_metadata_inode(ip)
#define xfs_dm_zero_range(ip, pos, len)	xfs_zero_range(ip, pos, len, NULL)
#endif

#endif /* __XFS_DM_COMPAT_H__ */
