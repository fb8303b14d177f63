/** The replicated state machine: the recovery core driven by the log, and what each voter answers by itself. */
package io.vmha.node.group;
