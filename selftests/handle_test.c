// SPDX-License-Identifier: GPL-2.0-only
/* Handles: what they are, whom they name, and for how long. */
#include "common.h"

DM_FIXTURE(handle)

/* The layout of struct xfs_handle, which others know, too. */
struct layout {
	__u64	fsid;
	__u16	fid_len;
	__u16	fid_pad;
	__u32	gen;
	__u64	ino;
};

TEST_F(handle, path_to_handle)
{
	struct layout l;
	struct dm_file f;
	struct stat st;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(DMAPI_HANDLE_LEN, f.h.len);
	memcpy(&l, f.h.b, sizeof(l));
	ASSERT_EQ(0, stat(f.path, &st));
	EXPECT_EQ(st.st_ino, l.ino);
	EXPECT_EQ(14, l.fid_len);
	EXPECT_EQ(0, l.fid_pad);
}

TEST_HARNESS_MAIN
