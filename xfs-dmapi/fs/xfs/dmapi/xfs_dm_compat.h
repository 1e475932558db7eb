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
#define xfs_dm_truncate_page(ip, pos)	xfs_truncate_page(ip, pos, NULL, NULL)
#define xfs_dm_free_fsblocks(mp)	xfs_sum_freecounter(mp, XC_FREE_BLOCKS)
#define xfs_dm_free_rtextents(mp)	xfs_sum_freecounter(mp, XC_FREE_RTEXTENTS)
#define xfs_dm_set_aside(mp)		xfs_freecounter_unavailable(mp, XC_FREE_BLOCKS)
#include <linux/folio_batch.h>
#else
#define xfs_dm_ino(ip)			((ip)->i_ino)
#define xfs_dm_is_internal(ip)		xfs_is_metadata_inode(ip)
#define xfs_dm_zero_range(ip, pos, len)	xfs_zero_range(ip, pos, len, NULL)
#define xfs_dm_truncate_page(ip, pos)	xfs_truncate_page(ip, pos, NULL)
#define xfs_dm_free_fsblocks(mp)	percpu_counter_sum_positive(&(mp)->m_fdblocks)
#define xfs_dm_free_rtextents(mp)	percpu_counter_sum_positive(&(mp)->m_frextents)
#define xfs_dm_set_aside(mp)		xfs_fdblocks_unavailable(mp)
#define name_is_dot_dotdot(name, len)	is_dot_dotdot(name, len)
#include <linux/pagevec.h>
#endif

/* Is @pos a multiple of @unit, which need not be a power of two? */
static inline bool xfs_dm_is_multiple(u64 pos, u32 unit)
{
	u32			rest;

	div_u64_rem(pos, unit, &rest);
	return !rest;
}

#endif /* __XFS_DM_COMPAT_H__ */
