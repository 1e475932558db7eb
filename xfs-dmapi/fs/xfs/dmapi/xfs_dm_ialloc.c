// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inode that is wanted, and no other
 *
 * To create an object under the handle that it had, one inode must be allocated:
 * the one with its number.  What XFS does for any inode is done here for that
 * one, with the same locks, in the same transactions:
 *
 * 1. The inode is in a chunk, and free: it is taken from the records of the chunk.
 *
 * 2. It is in no chunk.  Its number says where on the disk it belongs, so the
 *    chunk is allocated just there, if that is free.  Where the file system has
 *    sparse chunks, the piece with the inode will do, as a chunk of its own or as
 *    what is missing in another.  A transaction of its own does that, after which
 *    the AGI buffer stays locked, and it goes on with 1.
 *
 * 3. It is in use, or something else is where it belongs: the creation fails.
 *
 * An attempt to allocate may change the AG's free list and find nothing.  A
 * transaction that has done so cannot be cancelled, and what it did is right, so
 * it is committed, and the failing goes on in a new one.
 */
#include "xfs_dm_compat.h"
#include "xfs_ag.h"
#include "xfs_alloc.h"
#include "xfs_btree.h"
#include "xfs_error.h"
#include "xfs_health.h"
#include "xfs_ialloc.h"
#include "xfs_ialloc_btree.h"
#include "xfs_rmap.h"
#include "xfs_trans.h"
#include "xfs_trans_priv.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/**
 * struct xfs_dm_ag - where it happens
 * @pag: the allocation group
 * @agno: its number
 * @agbp: its AGI, locked
 * @tp: the transaction
 * @mp: the file system
 */
struct xfs_dm_ag {
	struct xfs_perag	*pag;
	xfs_agnumber_t		agno;
	struct xfs_buf		*agbp;
	struct xfs_trans	*tp;
	struct xfs_mount	*mp;
};

/* Change the record that the cursor is at. */
static int
xfs_dm_inobt_update(struct xfs_btree_cur *cur,
		    const struct xfs_inobt_rec_incore *irec)
{
	union xfs_btree_rec	rec = { };

	rec.inobt.ir_startino = cpu_to_be32(irec->ir_startino);
	if (xfs_has_sparseinodes(cur->bc_mp)) {
		rec.inobt.ir_u.sp.ir_holemask = cpu_to_be16(irec->ir_holemask);
		rec.inobt.ir_u.sp.ir_count = irec->ir_count;
		rec.inobt.ir_u.sp.ir_freecount = irec->ir_freecount;
	} else {
		rec.inobt.ir_u.f.ir_freecount = cpu_to_be32(irec->ir_freecount);
	}
	rec.inobt.ir_free = cpu_to_be64(irec->ir_free);
	return xfs_btree_update(cur, &rec);
}

/* Change the record of a chunk, or add it; the one that is there may be older. */
static int
xfs_dm_inobt_put(struct xfs_btree_cur *cur,
		 const struct xfs_inobt_rec_incore *irec)
{
	int			found, error;

	error = xfs_inobt_lookup(cur, irec->ir_startino, XFS_LOOKUP_EQ, &found);
	if (error)
		return error;
	if (found)
		return xfs_dm_inobt_update(cur, irec);
	error = xfs_inobt_insert_rec(cur, irec->ir_holemask, irec->ir_count,
				     irec->ir_freecount, irec->ir_free, &found);
	if (!error && XFS_IS_CORRUPT(cur->bc_mp, found != 1)) {
		xfs_btree_mark_sick(cur);
		error = -EFSCORRUPTED;
	}
	return error;
}

/* In both trees */
static int
xfs_dm_inobt_put_both(struct xfs_dm_ag *ag,
		      const struct xfs_inobt_rec_incore *irec)
{
	struct xfs_btree_cur	*cur;
	int			error;

	cur = xfs_inobt_init_cursor(ag->pag, ag->tp, ag->agbp);
	error = xfs_dm_inobt_put(cur, irec);
	xfs_btree_del_cursor(cur, error);
	if (error || !xfs_has_finobt(ag->mp))
		return error;
	cur = xfs_finobt_init_cursor(ag->pag, ag->tp, ag->agbp);
	error = xfs_dm_inobt_put(cur, irec);
	xfs_btree_del_cursor(cur, error);
	return error;
}

/* The record in which @agino would be: 1 if there is one, at the cursor. */
static int
xfs_dm_inobt_find(struct xfs_btree_cur *cur, xfs_agino_t agino,
		  struct xfs_inobt_rec_incore *irec)
{
	int			found, error;

	error = xfs_inobt_lookup(cur, agino, XFS_LOOKUP_LE, &found);
	if (error || !found)
		return error;
	error = xfs_inobt_get_rec(cur, irec, &found);
	if (error)
		return error;
	if (XFS_IS_CORRUPT(cur->bc_mp, found != 1)) {
		xfs_btree_mark_sick(cur);
		return -EFSCORRUPTED;
	}
	return agino - irec->ir_startino < XFS_INODES_PER_CHUNK;
}

/* The tree of chunks with free inodes follows. */
static int
xfs_dm_finobt_follow(struct xfs_dm_ag *ag,
		     const struct xfs_inobt_rec_incore *irec)
{
	struct xfs_btree_cur	*cur;
	int			found, error;

	if (!xfs_has_finobt(ag->mp))
		return 0;
	cur = xfs_finobt_init_cursor(ag->pag, ag->tp, ag->agbp);
	error = xfs_inobt_lookup(cur, irec->ir_startino, XFS_LOOKUP_EQ, &found);
	if (!error && XFS_IS_CORRUPT(ag->mp, found != 1)) {
		xfs_btree_mark_sick(cur);
		error = -EFSCORRUPTED;
	}
	if (!error && irec->ir_freecount)
		error = xfs_dm_inobt_update(cur, irec);
	else if (!error)
		error = xfs_btree_delete(cur, &found);
	xfs_btree_del_cursor(cur, error);
	return error;
}

/* So many inodes more, so many of them free */
static void
xfs_dm_agi_add(struct xfs_dm_ag *ag, int count, int freecount)
{
	struct xfs_agi		*agi = ag->agbp->b_addr;

	be32_add_cpu(&agi->agi_count, count);
	be32_add_cpu(&agi->agi_freecount, freecount);
	ag->pag->pagi_count += count;
	ag->pag->pagi_freecount += freecount;
	xfs_ialloc_log_agi(ag->tp, ag->agbp, XFS_AGI_COUNT | XFS_AGI_FREECOUNT);
	if (count)
		xfs_trans_mod_sb(ag->tp, XFS_TRANS_SB_ICOUNT, count);
	xfs_trans_mod_sb(ag->tp, XFS_TRANS_SB_IFREE, freecount);
}

/*
 * 1: take a free inode.  -EEXIST: it is in use; -ENOENT: it is in no chunk, and
 * @irec is that of the others there, or has no inodes.
 */
static int
xfs_dm_ialloc_take(struct xfs_dm_ag *ag, xfs_agino_t agino,
		   struct xfs_inobt_rec_incore *irec)
{
	struct xfs_btree_cur	*cur;
	u64			mask;
	int			ret;

	cur = xfs_inobt_init_cursor(ag->pag, ag->tp, ag->agbp);
	ret = xfs_dm_inobt_find(cur, agino, irec);
	if (ret < 0)
		goto out;
	if (!ret) {
		irec->ir_count = 0;
		ret = -ENOENT;
		goto out;
	}

	mask = XFS_INOBT_MASK(agino - irec->ir_startino);
	if (!(xfs_inobt_irec_to_allocmask(irec) & mask)) {
		ret = -ENOENT;
	} else if (!(irec->ir_free & mask)) {
		ret = -EEXIST;
	} else {
		irec->ir_free &= ~mask;
		irec->ir_freecount--;
		ret = xfs_dm_inobt_update(cur, irec);
	}
out:
	xfs_btree_del_cursor(cur, ret == -EEXIST || ret == -ENOENT ? 0 : ret);
	if (!ret)
		ret = xfs_dm_finobt_follow(ag, irec);
	if (!ret)
		xfs_dm_agi_add(ag, 0, -1);
	return ret;
}

/* Allocate blocks for inodes just there; -ENOSPC if they are not free. */
static int
xfs_dm_ialloc_blocks(struct xfs_dm_ag *ag, xfs_agblock_t agbno,
		     xfs_extlen_t len, unsigned int inodes)
{
	struct xfs_alloc_arg	args = {
		.tp		= ag->tp,
		.mp		= ag->mp,
		.pag		= ag->pag,
		.oinfo		= XFS_RMAP_OINFO_INODES,
		.fsbno		= NULLFSBLOCK,
		.minlen		= len,
		.maxlen		= len,
		.prod		= 1,
		.alignment	= 1,
		/* The trees may grow. */
		.minleft	= M_IGEO(ag->mp)->inobt_maxlevels,
	};
	int			error;

	error = xfs_alloc_vextent_exact_bno(&args,
					    XFS_AGB_TO_FSB(ag->mp, ag->agno, agbno));
	if (error)
		return error;
	if (args.fsbno == NULLFSBLOCK)
		return -ENOSPC;
	return xfs_ialloc_inode_init(ag->mp, ag->tp, NULL, inodes, ag->agno,
				     agbno, len, get_random_u32());
}

/* 2: a whole chunk, or several where a block is as large. */
static int
xfs_dm_ialloc_chunk(struct xfs_dm_ag *ag, xfs_agblock_t agbno)
{
	struct xfs_ino_geometry	*igeo = M_IGEO(ag->mp);
	struct xfs_inobt_rec_incore irec = {
		.ir_holemask	= XFS_INOBT_HOLEMASK_FULL,
		.ir_count	= XFS_INODES_PER_CHUNK,
		.ir_freecount	= XFS_INODES_PER_CHUNK,
		.ir_free	= XFS_INOBT_ALL_FREE,
	};
	xfs_agblock_t		start = rounddown(agbno, igeo->cluster_align);
	xfs_agino_t		end;
	int			error;

	/* Without sparse chunks, alignment leaves a choice. */
	for (;;) {
		error = xfs_dm_ialloc_blocks(ag, start, igeo->ialloc_blks,
					     igeo->ialloc_inos);
		if (error != -ENOSPC || start < igeo->cluster_align ||
		    start - igeo->cluster_align + igeo->ialloc_blks <= agbno)
			break;
		start -= igeo->cluster_align;
	}
	if (error)
		return error;

	irec.ir_startino = XFS_AGB_TO_AGINO(ag->mp, start);
	end = irec.ir_startino + igeo->ialloc_inos;
	for (; !error && irec.ir_startino < end;
	     irec.ir_startino += XFS_INODES_PER_CHUNK)
		error = xfs_dm_inobt_put_both(ag, &irec);
	if (!error)
		xfs_dm_agi_add(ag, igeo->ialloc_inos, igeo->ialloc_inos);
	return error;
}

/* 2: a piece of a chunk; @irec is what there is of it. */
static int
xfs_dm_ialloc_piece(struct xfs_dm_ag *ag, xfs_agblock_t agbno,
		    struct xfs_inobt_rec_incore *irec)
{
	struct xfs_mount	*mp = ag->mp;
	struct xfs_ino_geometry	*igeo = M_IGEO(mp);
	xfs_extlen_t		align = mp->m_sb.sb_inoalignmt;
	xfs_agblock_t		chunk, piece;
	unsigned int		inodes, first;
	uint16_t		mask;
	int			error;

	if (!xfs_has_sparseinodes(mp) ||
	    igeo->ialloc_min_blks >= igeo->ialloc_blks)
		return -ENOSPC;
	chunk = rounddown(agbno, align);
	piece = rounddown(agbno, mp->m_sb.sb_spino_align);
	/* A record may not reach beyond either end of the AG. */
	if (!chunk || chunk + align > xfs_ag_block_count(mp, ag->agno))
		return -ENOSPC;

	inodes = XFS_AGB_TO_AGINO(mp, igeo->ialloc_min_blks);
	first = XFS_AGB_TO_AGINO(mp, piece - chunk);
	mask = (1U << (inodes / XFS_INODES_PER_HOLEMASK_BIT)) - 1;
	mask <<= first / XFS_INODES_PER_HOLEMASK_BIT;
	if (!irec->ir_count) {
		irec->ir_startino = XFS_AGB_TO_AGINO(mp, chunk);
		irec->ir_holemask = U16_MAX;
		irec->ir_freecount = 0;
		irec->ir_free = XFS_INOBT_ALL_FREE;
	}
	if (XFS_IS_CORRUPT(mp, (irec->ir_holemask & mask) != mask))
		return -EFSCORRUPTED;

	error = xfs_dm_ialloc_blocks(ag, piece, igeo->ialloc_min_blks, inodes);
	if (error)
		return error;
	irec->ir_holemask &= ~mask;
	irec->ir_count += inodes;
	irec->ir_freecount += inodes;
	error = xfs_dm_inobt_put_both(ag, irec);
	if (!error)
		xfs_dm_agi_add(ag, inodes, inodes);
	return error;
}

/* Go on in a new transaction, with the AGI locked and quota for the inode kept. */
static int
xfs_dm_ialloc_roll(struct xfs_dm_ag *ag)
{
	struct xfs_dquot_acct	*dqinfo = ag->tp->t_dqinfo;
	int			error;

	xfs_trans_bhold(ag->tp, ag->agbp);
	ag->tp->t_dqinfo = NULL;
	error = xfs_trans_roll(&ag->tp);
	ag->tp->t_dqinfo = dqinfo;
	xfs_trans_bjoin(ag->tp, ag->agbp);
	return error;
}

/* Allocate where the inode belongs, and take it. */
static int
xfs_dm_ialloc_there(struct xfs_dm_ag *ag, xfs_agino_t agino,
		    struct xfs_inobt_rec_incore *irec)
{
	struct xfs_ino_geometry	*igeo = M_IGEO(ag->mp);
	xfs_agblock_t		agbno = XFS_AGINO_TO_AGBNO(ag->mp, agino);
	int			error = -ENOSPC;
	int			error2;

	if (igeo->maxicount &&
	    percpu_counter_read_positive(&ag->mp->m_icount) +
	    igeo->ialloc_inos > igeo->maxicount)
		return -ENOSPC;
	if (!irec->ir_count)
		error = xfs_dm_ialloc_chunk(ag, agbno);
	if (error == -ENOSPC)
		error = xfs_dm_ialloc_piece(ag, agbno, irec);
	if (error && error != -ENOSPC)
		return error;
	if (!(ag->tp->t_flags & XFS_TRANS_DIRTY))
		return error;
	error2 = xfs_dm_ialloc_roll(ag);
	if (error || error2)
		return error2 ? error2 : error;
	error = xfs_dm_ialloc_take(ag, agino, irec);
	return error == -ENOENT ? -EFSCORRUPTED : error;
}

/**
 * xfs_dm_ialloc() - allocate this inode
 * @tpp: the transaction that creates it, with what XFS reserves for that; may be
 *	another one afterwards
 * @ino: its number, one that an inode of a directory can have
 *
 * Return: 0; -EEXIST if it is in use; -ENOSPC if it is in no chunk and none can
 * be made where it belongs; or another errno.  Except after corruption or a
 * shutdown, the transaction can be cancelled.
 */
int
xfs_dm_ialloc(struct xfs_trans **tpp, xfs_ino_t ino)
{
	struct xfs_mount	*mp = (*tpp)->t_mountp;
	xfs_agino_t		agino = XFS_INO_TO_AGINO(mp, ino);
	struct xfs_dm_ag	ag = {
		.agno	= XFS_INO_TO_AGNO(mp, ino),
		.tp	= *tpp,
		.mp	= mp,
	};
	struct xfs_inobt_rec_incore irec;
	int			error;

	ag.pag = xfs_perag_get(mp, ag.agno);
	if (!ag.pag)
		return -EFSCORRUPTED;
	error = -EFSCORRUPTED;
	if (xfs_ag_has_sickness(ag.pag, XFS_SICK_AG_INODES))
		goto out;
	error = -ENOSPC;
	if (!xfs_perag_allows_inodes(ag.pag))
		goto out;
	error = xfs_ialloc_read_agi(ag.pag, ag.tp, 0, &ag.agbp);
	if (error)
		goto out;

	error = xfs_dm_ialloc_take(&ag, agino, &irec);
	if (error == -ENOENT)
		error = xfs_dm_ialloc_there(&ag, agino, &irec);
	if (error)
		xfs_trans_brelse(ag.tp, ag.agbp);
	*tpp = ag.tp;
out:
	xfs_perag_put(ag.pag);
	return error;
}
