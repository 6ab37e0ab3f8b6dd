// Generated from proto/user.proto by "npm run generate:grpc". Do not edit.
import { Reader, Writer } from "../wire.ts";
import type { Codec, Method } from "../wire.ts";

export type CreateUserRequest = {
  readonly email: string;
  readonly name: string;
};

export const createUserRequest: Codec<CreateUserRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.email);
    writer.text(2, message.name);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let email = "";
    let name = "";
    while (reader.next()) {
      if (reader.isText(1)) email = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else reader.skip();
    }
    return { email, name };
  },
};

export type GetUserByIdRequest = {
  readonly id: string;
};

export const getUserByIdRequest: Codec<GetUserByIdRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.id);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let id = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else reader.skip();
    }
    return { id };
  },
};

export type UserResponse = {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
};

export const userResponse: Codec<UserResponse> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.id);
    writer.text(2, message.email);
    writer.text(3, message.name);
    writer.text(4, message.createdAt);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let id = "";
    let email = "";
    let name = "";
    let createdAt = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) email = reader.text();
      else if (reader.isText(3)) name = reader.text();
      else if (reader.isText(4)) createdAt = reader.text();
      else reader.skip();
    }
    return { id, email, name, createdAt };
  },
};

export const userService = {
  createUser: { path: "/user.UserService/CreateUser", request: createUserRequest, response: userResponse } satisfies Method<CreateUserRequest, UserResponse>,
  getUserById: { path: "/user.UserService/GetUserById", request: getUserByIdRequest, response: userResponse } satisfies Method<GetUserByIdRequest, UserResponse>,
};
