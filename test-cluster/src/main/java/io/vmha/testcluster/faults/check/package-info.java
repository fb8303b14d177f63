/** The invariants: each looks at a recorded history alone and says whether it held, with the evidence. */
package io.vmha.testcluster.faults.check;
