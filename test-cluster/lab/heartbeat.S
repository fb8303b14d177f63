# A whole guest in one boot sector: five times a second it prints "ALIVE <nonce> <count>" on COM1 and writes the same line to sector 1 of its disk.
# The nonce is of this boot, the count goes up: two copies on one disk show two nonces in sector 1 by turns, and a paused one stands still.
# as --32 heartbeat.S -o heartbeat.o && ld -m elf_i386 --oformat binary -Ttext 0x7c00 heartbeat.o -o heartbeat
.code16
.globl _start
_start:
  ljmp $0, $go
go:
  xor %ax,%ax
  mov %ax,%ds
  mov %ax,%es
  mov %ax,%ss
  mov $0x7c00,%sp
  sti
  cld
  mov %dl,drive
  mov $0x3fb,%dx            # COM1: 115200 8N1
  mov $0x80,%al
  outb %al,%dx
  mov $0x3f8,%dx
  mov $1,%al
  outb %al,%dx
  inc %dx
  xor %al,%al
  outb %al,%dx
  mov $0x3fb,%dx
  mov $3,%al
  outb %al,%dx
  rdtsc
  mov %ax,%cx
  shr $16,%eax
  xor %ax,%cx
  mov %cx,nonce
beat:
  mov $buf,%di
  mov $msg,%si
1:
  lodsb
  test %al,%al
  jz 2f
  stosb
  jmp 1b
2:
  mov nonce,%ax
  call hex
  mov $' ',%al
  stosb
  mov count+2,%ax
  call hex
  mov count,%ax
  call hex
  mov $0x0a0d,%ax
  stosw
  xor %al,%al
  stosb
  mov $buf,%si
3:
  lodsb
  test %al,%al
  jz 4f
  mov %al,%ah
5:
  mov $0x3fd,%dx
  inb %dx,%al
  test $0x20,%al
  jz 5b
  mov $0x3f8,%dx
  mov %ah,%al
  outb %al,%dx
  jmp 3b
4:
  mov $0x4300,%ax           # write dap's sector
  mov drive,%dl
  mov $dap,%si
  int $0x13
  jnc 6f
  movb $'!',msg             # the disk refused: "!LIVE"
6:
  incl count
  mov $4,%cx                # timer ticks of 55 ms, halted in between
7:
  hlt
  mov 0x46c,%ax
  cmp last,%ax
  je 7b
  mov %ax,last
  loop 7b
  jmp beat
hex:
  mov $4,%cx
  mov %ax,%bx
8:
  rol $4,%bx
  mov %bl,%al
  and $15,%al
  cmp $10,%al
  jb 9f
  add $7,%al
9:
  add $'0',%al
  stosb
  loop 8b
  ret
msg: .asciz "ALIVE "
count: .long 0
nonce: .word 0
last: .word 0
drive: .byte 0
.balign 4
dap:
  .byte 16,0
  .word 1,buf,0
  .quad 1
.org 510
.word 0xaa55
buf = 0x8000
