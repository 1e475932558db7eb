/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrate.h - what the two halves of a migration share
 */
#ifndef XFS_HSM_MIGRATE_H
#define XFS_HSM_MIGRATE_H

#include "hsm.h"

/* The work on one file. */
struct job {
	struct options	*o;
	struct dmfile	f;
	struct stat	s0;		/* the file that is in the object */
	uint64_t	change;		/* the number of its data then */
	struct object	obj;		/* that it goes to */
	struct object	old;		/* that the HSMID names now */
	struct hsmid	id;		/* of old */
	int		lock;		/* one job a file at a time */
	bool		release;	/* make no new copy */
	bool		have_id;
	bool		copied;
	bool		punched;
};

/* copy.c */
int obtain_copy(struct job *j);
bool same_file(const struct stat *a, const struct stat *b);
int changed(struct job *j, const char *when);

#endif /* XFS_HSM_MIGRATE_H */
