/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A manager who takes over where another one died
 */
#ifndef DMAPI_TEST_MANAGER_H
#define DMAPI_TEST_MANAGER_H

#include "common.h"

#define DM_OWED		64	/* messages that are looked for at a time */

/*
 * Handle what the predecessor owed, which answers it, then what comes, until @over
 * and nothing comes any more.  @buf is large enough for any message.
 */
static inline long dm_manage(__s32 sid, void *buf, size_t size, const bool *over,
			     void (*handle)(const char *msg))
{
	__s32 token[DM_OWED];
	__u64 rlen;
	__u32 n = 0;
	long ret;

	do {
		ret = dmapi_getall_tokens(sid, DM_OWED, token, &n);
		if (ret && ret != -E2BIG)
			return ret;
		n = n < DM_OWED ? n : DM_OWED;
		for (__u32 i = 0; i < n; i++)
			if (!dmapi_find_eventmsg(sid, token[i], size, buf, &rlen))
				handle(buf);
	} while (n == DM_OWED);
	for (;;) {
		ret = dm_next_raw(sid, buf, size, NULL, 50);
		if (!ret)
			handle(buf);
		else if (ret != -EAGAIN)
			return ret;
		else if (__atomic_load_n(over, __ATOMIC_SEQ_CST))
			return 0;
	}
}

#endif /* DMAPI_TEST_MANAGER_H */
