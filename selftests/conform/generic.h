/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAPI_GENERIC_H
#define DMAPI_GENERIC_H

#include "conform.h"

/* A case begins, unless it is not wanted or only listed. */
bool	conform_begin(const char *fn, const char *name);
void	conform_end(void);

void	generic_init(void);
void	generic_unready(const struct func *f);	/* before dm_init_service() */
void	generic_cases(const struct func *f);
void	generic_readonly(const struct func *f);
void	clean_up(const char *dir);		/* remove it with what is in it */

#endif /* DMAPI_GENERIC_H */
