/** Which hosts belong to the group and which of them vote, after Nova's aggregate. A core: no clock, socket, thread, file or lock. */
package io.vmha.recovery.membership;
