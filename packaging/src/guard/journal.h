/* What the guard says to its journal. */
#ifndef VMHA_JOURNAL_H
#define VMHA_JOURNAL_H

/* From here on stderr drops what its reader does not take at once, and says later how much that was: a journal hangs with the disk that it
 * writes to, and the guests' time runs. */
void journal_never_waits(void);

#endif
