/**
 * @file Reads pickles of weights with an allow-list machine: each instruction either builds plain data or is refused.
 * There are no jumps, and an instruction pushes at most one value, so time and memory grow with the pickle's length.
 */
import { PickleBytes } from "./pickle-bytes.ts";
import { callFunction, loadStorage, resolveGlobal } from "./pickle-globals.ts";
import { PickleStack, tooMuch } from "./pickle-stack.ts";
import { isDict, kindOf, type PickleKey, type PickleValue } from "./pickle-values.ts";
import { damagedFile, refusal } from "./refuse.ts";

/** The newest protocol that Python writes. */
const MAX_PROTOCOL = 5;

/** The lists of contents of whole models are a fifth of this long. */
const MAX_BYTES = 1 << 20;

/**
 * The value of a pickle. Lists and dictionaries may contain themselves: nothing may walk them to unbounded depth.
 * @param bytesOf a storage's bytes by its key
 * @throws StudioError "invalid-input" where the pickle is damaged, or asks for anything but plain data and tensors
 */
export function readPickle(
  pickle: Uint8Array,
  bytesOf: (key: string) => Uint8Array | undefined,
): PickleValue {
  if (pickle.byteLength > MAX_BYTES) throw tooMuch();
  const machine = new Machine(new PickleBytes(pickle), bytesOf);
  while (!machine.step());
  return machine.result();
}

class Machine {
  private readonly stack = new PickleStack();
  private readonly memo = new Map<number, PickleValue>();
  private readonly input: PickleBytes;
  private readonly bytesOf: (key: string) => Uint8Array | undefined;

  constructor(input: PickleBytes, bytesOf: (key: string) => Uint8Array | undefined) {
    this.input = input;
    this.bytesOf = bytesOf;
  }

  /** One instruction; true after the last. Names of instructions are those of Python's pickletools. */
  step(): boolean {
    const { input, stack } = this;
    const opcode = input.u8();
    switch (opcode) {
      case 0x80: // PROTO
        if (input.u8() > MAX_PROTOCOL) throw refusedOpcode(opcode);
        break;
      case 0x95: // FRAME
        input.u64();
        break;
      case 0x2e: // STOP
        return true;
      case 0x28: // MARK
        stack.mark();
        break;
      case 0x30: // POP
        stack.pop();
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(input.i32());
        break;
      case 0x4b: // BININT1
        stack.push(input.u8());
        break;
      case 0x4d: // BININT2
        stack.push(input.u16());
        break;
      case 0x8a: // LONG1
        stack.push(input.long(input.u8()));
        break;
      case 0x8b: // LONG4
        stack.push(input.long(input.u32()));
        break;
      case 0x47: // BINFLOAT
        stack.push(input.f64());
        break;
      case 0x58: // BINUNICODE
        stack.push(input.text(input.u32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(input.text(input.u8()));
        break;
      case 0x8d: // BINUNICODE8
        stack.push(input.text(input.u64()));
        break;
      case 0x5d: // EMPTY_LIST
        stack.pushContainer([]);
        break;
      case 0x61: // APPEND
        this.append([stack.pop()]);
        break;
      case 0x65: // APPENDS
        this.append(stack.popToMark());
        break;
      case 0x29: // EMPTY_TUPLE
        this.pushTuple([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.pushTuple(stack.popItems(opcode - 0x84));
        break;
      case 0x74: // TUPLE
        this.pushTuple(stack.popToMark());
        break;
      case 0x7d: // EMPTY_DICT
        stack.pushContainer(new Map());
        break;
      case 0x73: // SETITEM
        this.setItems(stack.popItems(2));
        break;
      case 0x75: // SETITEMS
        this.setItems(stack.popToMark());
        break;
      case 0x71: // BINPUT
        this.memo.set(input.u8(), stack.top());
        break;
      case 0x72: // LONG_BINPUT
        this.memo.set(input.u32(), stack.top());
        break;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, stack.top());
        break;
      case 0x68: // BINGET
        stack.push(this.recall(input.u8()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(this.recall(input.u32()));
        break;
      case 0x63: // GLOBAL
        stack.push(resolveGlobal(input.line(), input.line()));
        break;
      case 0x93: // STACK_GLOBAL
        this.stackGlobal();
        break;
      case 0x52: // REDUCE
        this.reduce();
        break;
      case 0x51: // BINPERSID
        stack.push(loadStorage(stack.pop(), this.bytesOf));
        break;
      case 0x62: // BUILD
        this.build();
        break;
      case 0x69: // INST, which names what it makes an object of
        resolveGlobal(input.line(), input.line());
        throw refusedOpcode(opcode);
      default:
        throw refusedOpcode(opcode);
    }
    return false;
  }

  result(): PickleValue {
    const value = this.stack.pop();
    if (this.stack.height > 0) throw damagedFile("its list of contents has loose ends");
    return value;
  }

  private recall(key: number): PickleValue {
    const value = this.memo.get(key);
    if (value === undefined) throw damagedFile("its list of contents refers to what it has not");
    return value;
  }

  private pushTuple(items: readonly PickleValue[]): void {
    this.stack.pushContainer({ kind: "tuple", items });
  }

  private append(items: readonly PickleValue[]): void {
    const list = this.stack.top();
    if (!Array.isArray(list)) throw damagedFile(`something is appended to ${kindOf(list)}`);
    for (const item of items) list.push(item);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dict = this.stack.top();
    if (!isDict(dict)) throw damagedFile(`${kindOf(dict)} is given items`);
    if (items.length % 2 !== 0) throw damagedFile("a dictionary has a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (!isKey(key)) throw damagedFile(`a dictionary has ${kindOf(key)} as a key`);
      dict.set(key, items[i + 1]!);
    }
  }

  private stackGlobal(): void {
    const [module, name] = this.stack.popItems(2);
    if (typeof module !== "string" || typeof name !== "string") {
      throw damagedFile("it asks for something that has no name");
    }
    this.stack.push(resolveGlobal(module, name));
  }

  private reduce(): void {
    const [target, args] = this.stack.popItems(2);
    this.stack.pushContainer(callFunction(target!, args!));
  }

  /** torch's state dicts have attributes, the versions of modules; no other object is given any. */
  private build(): void {
    const state = this.stack.pop();
    if (!isDict(this.stack.top()) || !isDict(state)) throw refusedOpcode(0x62);
  }
}

function isKey(value: PickleValue): value is PickleKey {
  return value === null || typeof value !== "object";
}

function refusedOpcode(opcode: number) {
  const code = opcode.toString(16).padStart(2, "0");
  return refusal(
    `This file is not opened: it has the pickle instruction 0x${code}, which a file of weights has no use for; it was not run. Ask whoever made the file for safetensors.`,
  );
}
