/** The guests of this host: libvirt's, through virsh, or plain processes by their pid files, as the tests have them. */
package io.vmha.recovery.hypervisor;
